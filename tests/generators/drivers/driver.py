import json
import sys

import todo

[user] = sys.argv[1:]
tasks, health = todo.TasksApi(), todo.HealthApi()


def show(*values: object) -> None:
    print(json.dumps(values))


milk = tasks.create_task(user, todo.TaskCreate(title="Milk"), idempotency_key="key")
show(milk.title, milk.description, milk.completed)
try:
    tasks.create_task(user, todo.TaskCreate(title="Eggs"), idempotency_key="key")
except todo.ApiException as error:
    show(error.status, error.data.type)
bread = tasks.create_task(user, todo.TaskCreate(title="Bread", description="Two")).id
show(tasks.update_task(user, bread, todo.TaskUpdate(title="Rye")).description)
show(tasks.update_task(user, bread, todo.TaskUpdate(description=None)).description)
show(tasks.replace_task(user, bread, todo.TaskUpdate(description="Three")).description)
try:
    tasks.update_task(user, bread, todo.TaskUpdate(title="Toast"), if_match='"another"')
except todo.ApiException as error:
    show(error.status, error.data.current.title)
etag = tasks.read_task_with_http_info(user, bread).headers["ETag"]
show(tasks.update_task(user, bread, todo.TaskUpdate(title="Toast"), if_match=etag).title)
show(tasks.complete_task(user, milk.id).completed)
show(
    tasks.complete_task(
        user, milk.id, task_completion=todo.TaskCompletion(completed=True)
    ).completed
)
show([task.title for task in tasks.list_tasks(user)])
tasks.head_list_tasks(user)
tasks.head_read_task(user, milk.id)
tasks.delete_task(user, bread)
show(tasks.delete_tasks(user, completed=True).deleted)
health.check_liveness()
health.head_check_liveness()
health.check_readiness()
health.head_check_readiness()
