/** A client of the Todo API: typed by the OpenAPI document, with helpers for common tasks. */

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

/** A problem response of the service. Decide by `problem.type`. */
export class ProblemError extends Error {
  constructor(readonly problem: AnyProblem) {
    super(problem.detail);
  }
}

/** Return the data of a response. Throws a ProblemError for a problem response. */
export function dataOf<T>(result: { data?: T; error?: AnyProblem; response: Response }): T {
  const { data, error, response } = result;
  if (response.ok) return data as T;
  if (response.headers.get("Content-Type") === "application/problem+json" && error)
    throw new ProblemError(error);
  // The response is not the service's: a proxy or gateway on the way may have sent it.
  throw new Error(`${response.status} ${response.statusText} from ${response.url}`);
}

/** Return the header that makes a change conditional on the task being unchanged. */
export function ifMatch(task: Task): { "If-Match": string } {
  return { "If-Match": `"${task.updated_at}"` };
}

/** Update a task. If it was changed meanwhile, apply the change to the current task. */
export async function editTask(
  client: TodoClient,
  task: Task,
  change: (task: Task) => TaskUpdate,
): Promise<Task> {
  for (;;) {
    const result = await client.PATCH("/api/{user_id}/tasks/{task_id}", {
      params: { path: { user_id: task.user_id, task_id: task.id }, header: ifMatch(task) },
      body: change(task),
    });
    if (result.error?.type !== "/problems/precondition-failed" || !result.error.current)
      return dataOf(result);
    task = result.error.current;
  }
}

/** Yield the user's tasks, newest first. Each page is fetched when it is reached. */
export async function* allTasks(
  client: TodoClient,
  user_id: string,
  query: ListParameters = {},
): AsyncGenerator<Task, void, undefined> {
  for (let page: ListParameters | null = query; page; ) {
    const result = await client.GET("/api/{user_id}/tasks", {
      params: { path: { user_id }, query: page },
    });
    yield* dataOf(result);
    const cursor = nextCursor(result.response);
    page = cursor ? { ...query, cursor } : null;
  }
}

/** Return the cursor in the `Link` to the next page, or null on the last page. */
function nextCursor(response: Response): string | null {
  const target = response.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
  return target ? new URL(target, response.url).searchParams.get("cursor") : null;
}
