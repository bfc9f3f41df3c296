<?php

require "/usr/share/php/GuzzleHttp/autoload.php";
spl_autoload_register(function ($name) {
    if (str_starts_with($name, "Todo\\")) {
        require "todo/lib/" . strtr(substr($name, 5), "\\", "/") . ".php";
    }
});

use Todo\Api\{HealthApi, TasksApi};
use Todo\{ApiException, Configuration};
use Todo\Model\{TaskCompletion, TaskCreate, TaskUpdate};

[, $user] = $argv;
$configuration = Configuration::getDefaultConfiguration();
$configuration->setBooleanFormatForQueryString(Configuration::BOOLEAN_FORMAT_STRING); // not 1 and 0
[$tasks, $health] = [new TasksApi(), new HealthApi()];

function show(...$values)
{
    echo json_encode($values, JSON_UNESCAPED_SLASHES), "\n";
}

function failure($call)
{
    try {
        $call();
    } catch (ApiException $error) {
        return [$error->getCode(), $error->getResponseObject()];
    }
}

$milk = $tasks->createTask($user, new TaskCreate(["title" => "Milk"]), "key");
show($milk->getTitle(), $milk->getDescription(), $milk->getCompleted());
$eggs = new TaskCreate(["title" => "Eggs"]);
[$status, $problem] = failure(fn () => $tasks->createTask($user, $eggs, "key"));
show($status, $problem->getType());
$bread = $tasks->createTask($user, new TaskCreate(["title" => "Bread", "description" => "Two"]))->getId();
$update = fn ($fields, $ifMatch = null) => $tasks->updateTask($user, $bread, new TaskUpdate($fields), $ifMatch);
show($update(["title" => "Rye"])->getDescription());
show($update(["description" => null])->getDescription());
show($tasks->replaceTask($user, $bread, new TaskUpdate(["description" => "Three"]))->getDescription());
[$status, $problem] = failure(fn () => $update(["title" => "Toast"], '"another"'));
show($status, $problem->getCurrent()->getTitle());
[, , $headers] = $tasks->readTaskWithHttpInfo($user, $bread);
show($update(["title" => "Toast"], $headers["ETag"][0])->getTitle());
show($tasks->completeTask($user, $milk->getId())->getCompleted());
$completion = new TaskCompletion(["completed" => true]);
show($tasks->completeTask($user, $milk->getId(), null, null, $completion)->getCompleted());
show(array_map(fn ($task) => $task->getTitle(), $tasks->listTasks($user)));
$tasks->headListTasks($user);
$tasks->headReadTask($user, $milk->getId());
$tasks->deleteTask($user, $bread);
show($tasks->deleteTasks($user, true)->getDeleted());
$health->checkLiveness();
$health->headCheckLiveness();
$health->checkReadiness();
$health->headCheckReadiness();
