package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"driver/todo"
)

func show(values ...any) {
	line, _ := json.Marshal(values)
	fmt.Println(string(line))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](value T, _ any, err error) T {
	check(err)
	return value
}

// The model of the problem in an error.
func problem[T any](err error) T {
	var failure *todo.GenericOpenAPIError
	errors.As(err, &failure)
	return failure.Model().(T)
}

func main() {
	user, ctx := os.Args[1], context.Background()
	client := todo.NewAPIClient(todo.NewConfiguration())
	tasks, health := client.TasksAPI, client.HealthAPI

	milk := must(tasks.CreateTask(ctx, user).TaskCreate(*todo.NewTaskCreate("Milk")).IdempotencyKey("key").Execute())
	show(milk.Title, milk.Description.Get(), milk.Completed)
	_, response, err := tasks.CreateTask(ctx, user).TaskCreate(*todo.NewTaskCreate("Eggs")).IdempotencyKey("key").Execute()
	show(response.StatusCode, problem[todo.Problem](err).Type)
	fields := todo.NewTaskCreate("Bread")
	fields.SetDescription("Two")
	bread := must(tasks.CreateTask(ctx, user).TaskCreate(*fields).Execute()).Id
	rye, null, three, toast := todo.TaskUpdate{}, todo.TaskUpdate{}, todo.TaskUpdate{}, todo.TaskUpdate{}
	rye.SetTitle("Rye")
	null.SetDescriptionNil()
	three.SetDescription("Three")
	toast.SetTitle("Toast")
	show(must(tasks.UpdateTask(ctx, user, bread).TaskUpdate(rye).Execute()).Description.Get())
	show(must(tasks.UpdateTask(ctx, user, bread).TaskUpdate(null).Execute()).Description.Get())
	show(must(tasks.ReplaceTask(ctx, user, bread).TaskUpdate(three).Execute()).Description.Get())
	_, response, err = tasks.UpdateTask(ctx, user, bread).TaskUpdate(toast).IfMatch(`"another"`).Execute()
	show(response.StatusCode, problem[todo.PreconditionFailed](err).Current.Title)
	_, response, err = tasks.ReadTask(ctx, user, bread).Execute()
	check(err)
	show(must(tasks.UpdateTask(ctx, user, bread).TaskUpdate(toast).IfMatch(response.Header.Get("ETag")).Execute()).Title)
	show(must(tasks.CompleteTask(ctx, user, milk.Id).Execute()).Completed)
	completion := todo.TaskCompletion{}
	completion.SetCompleted(true)
	show(must(tasks.CompleteTask(ctx, user, milk.Id).TaskCompletion(completion).Execute()).Completed)
	titles := []string{}
	for _, task := range must(tasks.ListTasks(ctx, user).Execute()) {
		titles = append(titles, task.Title)
	}
	show(titles)
	_, err = tasks.HeadListTasks(ctx, user).Execute()
	check(err)
	_, err = tasks.HeadReadTask(ctx, user, milk.Id).Execute()
	check(err)
	_, err = tasks.DeleteTask(ctx, user, bread).Execute()
	check(err)
	show(must(tasks.DeleteTasks(ctx, user).Completed(true).Execute()).Deleted)
	must(health.CheckLiveness(ctx).Execute())
	_, err = health.HeadCheckLiveness(ctx).Execute()
	check(err)
	must(health.CheckReadiness(ctx).Execute())
	_, err = health.HeadCheckReadiness(ctx).Execute()
	check(err)
}
