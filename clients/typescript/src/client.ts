/** The Todo API for a frontend: each call typed by the OpenAPI document, and what they share. */

import createClient, { type Client, type ClientOptions } from "openapi-fetch";
import type {
  operations,
  paths,
  PreconditionFailed,
  Problem,
  Task,
  TaskUpdate,
} from "./schema.js";

export type * from "./schema.js";
export type TodoClient = Client<paths>;
export type ListParameters = NonNullable<operations["listTasks"]["parameters"]["query"]>;
export type AnyProblem = Problem | PreconditionFailed;

/** Return a client of the service at `baseUrl`. */
export function createTodoClient(options: ClientOptions): TodoClient {
  return createClient<paths>(options);
}

/** A failure that the service explains. Decide by `problem.type`. */
export class ProblemError extends Error {
  constructor(readonly problem: AnyProblem) {
    super(problem.detail);
  }
}

/** Return the data of an answer. Throws a ProblemError where the service refused. */
export function dataOf<T>(answer: { data?: T; error?: AnyProblem; response: Response }): T {
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  if (response.headers.get("Content-Type") === "application/problem+json" && error)
    throw new ProblemError(error);
  // Somebody between here and the service answered in its place.
  throw new Error(`${response.status} ${response.statusText} from ${response.url}`);
}

/** Return the header with which a change happens only while the task is as you saw it. */
export function ifMatch(task: Task): { "If-Match": string } {
  return { "If-Match": `"${task.updated_at}"` };
}

/** Change a task. Where somebody was faster, apply the change to what they left. */
export async function editTask(
  client: TodoClient,
  task: Task,
  change: (task: Task) => TaskUpdate,
): Promise<Task> {
  for (;;) {
    const answer = await client.PATCH("/api/{user_id}/tasks/{task_id}", {
      params: { path: { user_id: task.user_id, task_id: task.id }, header: ifMatch(task) },
      body: change(task),
    });
    if (answer.error?.type !== "/problems/precondition-failed" || !answer.error.current)
      return dataOf(answer);
    task = answer.error.current;
  }
}

/** Visit the user's tasks, newest first, and fetch each page when it is reached. */
export async function* allTasks(
  client: TodoClient,
  user_id: string,
  query: ListParameters = {},
): AsyncGenerator<Task, void, undefined> {
  for (let page: ListParameters | null = query; page; ) {
    const answer = await client.GET("/api/{user_id}/tasks", {
      params: { path: { user_id }, query: page },
    });
    yield* dataOf(answer);
    const cursor = nextCursor(answer.response);
    page = cursor ? { ...query, cursor } : null;
  }
}

/** Return the cursor in the `Link` to the next page, or null on the last. */
function nextCursor(response: Response): string | null {
  const target = response.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
  return target ? new URL(target, response.url).searchParams.get("cursor") : null;
}
