import axios from "axios";
import { HealthApi, TasksApi, type PreconditionFailed, type Problem } from "./todo";

const user = process.argv[2] as string;
const [tasks, health] = [new TasksApi(), new HealthApi()];

function show(...values: unknown[]): void {
  console.log(JSON.stringify(values));
}

async function failure<T>(call: Promise<unknown>): Promise<{ status: number; data: T }> {
  try {
    await call;
  } catch (error) {
    if (axios.isAxiosError<T>(error) && error.response) return error.response;
  }
  throw new Error("There is no problem.");
}

async function main(): Promise<void> {
  const { data: milk } = await tasks.createTask(user, { title: "Milk" }, "key");
  show(milk.title, milk.description, milk.completed);
  const reused = await failure<Problem>(tasks.createTask(user, { title: "Eggs" }, "key"));
  show(reused.status, reused.data.type);
  const { data: { id: bread } } = await tasks.createTask(user, { title: "Bread", description: "Two" });
  show((await tasks.updateTask(user, bread, { title: "Rye" })).data.description);
  show((await tasks.updateTask(user, bread, { description: null })).data.description);
  show((await tasks.replaceTask(user, bread, { description: "Three" })).data.description);
  const toast = { title: "Toast" };
  const failed = await failure<PreconditionFailed>(tasks.updateTask(user, bread, toast, '"another"'));
  show(failed.status, failed.data.current?.title);
  const { etag } = (await tasks.readTask(user, bread)).headers;
  show((await tasks.updateTask(user, bread, toast, etag)).data.title);
  show((await tasks.completeTask(user, milk.id)).data.completed);
  show((await tasks.completeTask(user, milk.id, undefined, undefined, { completed: true })).data.completed);
  show((await tasks.listTasks(user)).data.map(({ title }) => title));
  await tasks.headListTasks(user);
  await tasks.headReadTask(user, milk.id);
  await tasks.deleteTask(user, bread);
  show((await tasks.deleteTasks(user, true)).data.deleted);
  await health.checkLiveness();
  await health.headCheckLiveness();
  await health.checkReadiness();
  await health.headCheckReadiness();
}

void main();
