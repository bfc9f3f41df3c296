import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.UUID;
import todo.ApiClient;
import todo.ApiException;
import todo.api.HealthApi;
import todo.api.TasksApi;
import todo.model.PreconditionFailed;
import todo.model.Problem;
import todo.model.Task;
import todo.model.TaskCompletion;
import todo.model.TaskCreate;
import todo.model.TaskUpdate;

class Driver {
    static final ApiClient client = new ApiClient();

    interface Call {
        Object send() throws Exception;
    }

    static void show(Object... values) throws Exception {
        System.out.println(client.getObjectMapper().writeValueAsString(values));
    }

    static ApiException failure(Call call) throws Exception {
        try {
            call.send();
        } catch (ApiException error) {
            return error;
        }
        throw new AssertionError("There is no problem.");
    }

    static <T> T problem(ApiException error, Class<T> type) throws Exception {
        return client.getObjectMapper().readValue(error.getResponseBody(), type);
    }

    public static void main(String[] arguments) throws Exception {
        String user = arguments[0];
        TasksApi tasks = new TasksApi(client);
        HealthApi health = new HealthApi(client);

        Task milk = tasks.createTask(user, new TaskCreate().title("Milk"), "key", null);
        show(milk.getTitle(), milk.getDescription(), milk.getCompleted());
        TaskCreate eggs = new TaskCreate().title("Eggs");
        ApiException reused = failure(() -> tasks.createTask(user, eggs, "key", null));
        show(reused.getCode(), problem(reused, Problem.class).getType().getValue());
        TaskCreate fields = new TaskCreate().title("Bread").description("Two");
        UUID bread = tasks.createTask(user, fields, null, null).getId();
        TaskUpdate toast = new TaskUpdate().title("Toast");
        show(tasks.updateTask(user, bread, new TaskUpdate().title("Rye"), null, null).getDescription());
        // Without the library jackson-databind-nullable, null is sent if all fields are.
        client.setObjectMapper(client.getObjectMapper().setSerializationInclusion(JsonInclude.Include.ALWAYS));
        TaskUpdate none = new TaskUpdate().title("Rye").completed(false);
        show(new TasksApi(client).updateTask(user, bread, none, null, null).getDescription());
        show(tasks.replaceTask(user, bread, new TaskUpdate().description("Three"), null, null).getDescription());
        ApiException failed = failure(() -> tasks.updateTask(user, bread, toast, "\"another\"", null));
        show(failed.getCode(), problem(failed, PreconditionFailed.class).getCurrent().getTitle());
        String etag = tasks.readTaskWithHttpInfo(user, bread, null, null, null).getHeaders().get("etag").get(0);
        show(tasks.updateTask(user, bread, toast, etag, null).getTitle());
        show(tasks.completeTask(user, milk.getId(), null, null, null).getCompleted());
        TaskCompletion completion = new TaskCompletion().completed(true);
        show(tasks.completeTask(user, milk.getId(), null, null, completion).getCompleted());
        List<Task> list = tasks.listTasks(user, null, null, null, null, null, null, null);
        show(list.stream().map(Task::getTitle).toList());
        tasks.headListTasks(user, null, null, null, null, null, null, null);
        tasks.headReadTask(user, milk.getId(), null, null, null);
        tasks.deleteTask(user, bread, null, null);
        show(tasks.deleteTasks(user, true, null, null).getDeleted());
        health.checkLiveness();
        health.headCheckLiveness();
        health.checkReadiness();
        health.headCheckReadiness();
    }
}
