/** A client of the Todo API: typed by the OpenAPI document, with helpers for common tasks. */

import createClient, { type Client, type ClientOptions } from "openapi-fetch";
import { repeated } from "./retry.js";
import type { operations, paths, PreconditionFailed, Problem, Task } from "./schema.js";
import type { TaskCreate, TaskUpdate } from "./schema.js";

export * from "./retry.js";
export type * from "./schema.js";
export type TodoClient = Client<paths>;
export type ListParameters = NonNullable<operations["listTasks"]["parameters"]["query"]>;
/** A union by `type`; `about:blank` can come from what a deployment adds to the service. */
export type AnyProblem = Problem | PreconditionFailed | BlankProblem;
export type BlankProblem = Omit<Problem, "type"> & { type: "about:blank" };
export type Result<T> = { data?: T; error?: AnyProblem; response: Response };
export type CallOptions = Pick<RequestInit, "signal">;

/** Return a client of the service at `baseUrl`. To repeat requests, add `fetch: withRetry()`. */
export function createTodoClient(options: ClientOptions): TodoClient {
  return createClient<paths>(options);
}

/** A problem response of the service. Decide by `problem.type`. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  constructor(readonly problem: AnyProblem, readonly response: Response) {
    super(problem.detail);
  }
}

/** Return the data of a response. Throws a ProblemError for a problem response. */
export function dataOf<T>({ data, error, response }: Result<T>): T {
  if (response.ok) return data as T;
  if (response.headers.get("Content-Type") === "application/problem+json" && error)
    throw new ProblemError(error, response);
  // The response is not the service's: a proxy or gateway on the way may have sent it.
  throw new Error(`${response.status} ${response.statusText} from ${response.url}`);
}

/** Return the header that makes a change conditional on the task being unchanged. */
export function ifMatch(task: Task): { "If-Match": string } {
  return { "If-Match": `"${task.updated_at}"` };
}

/** Return a new Idempotency-Key, also where crypto.randomUUID is missing: on http:// pages. */
export function newKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

/** Create a task. After a failure, call it again with the same key: one task is created. */
export async function createTask(
  client: TodoClient,
  user_id: string,
  body: TaskCreate,
  { key = newKey(), ...options }: CallOptions & { key?: string } = {},
): Promise<Task> {
  const params = { path: { user_id }, header: { "Idempotency-Key": key } };
  return dataOf(await client.POST("/api/{user_id}/tasks", { params, body, ...options }));
}

/**
 * Update a task. If it was changed meanwhile, apply the change to the current task. After
 * `maxAttempts`, throws the ProblemError of the conflict, which has the current task.
 */
export async function editTask(
  client: TodoClient,
  task: Task,
  change: (task: Task) => TaskUpdate,
  { maxAttempts = 10, ...options }: CallOptions & { maxAttempts?: number } = {},
): Promise<Task> {
  const path = { user_id: task.user_id, task_id: task.id };
  for (let attempt = 1; ; attempt++) {
    const body = change(task);
    const init = { params: { path, header: ifMatch(task) }, body, ...options };
    const result = await client.PATCH("/api/{user_id}/tasks/{task_id}", init);
    const current = result.error?.type === "/problems/precondition-failed" && result.error.current;
    // If `withRetry` had to repeat the edit, the conflict can be with the edit itself.
    if (current && repeated.has(result.response) && contains(current, body)) return current;
    if (!current || attempt >= maxAttempts) return dataOf(result);
    task = current;
  }
}

/** The members that the service ignores in requests. */
const IGNORED = ["id", "user_id", "created_at", "updated_at"];

/** Return whether the task has every value that the update sends. */
function contains(task: Task, update: TaskUpdate): boolean {
  const current = new Map<string, unknown>(Object.entries(task));
  return Object.entries(update).every(([name, value]: [string, unknown]) => {
    if (value === undefined || IGNORED.includes(name)) return true;
    const stored = name === "title" && typeof value === "string" ? value.trim() : value;
    return JSON.stringify(stored) === JSON.stringify(current.get(name));
  });
}

/** Yield the user's tasks, newest first. Each page is fetched when it is reached. */
export async function* allTasks(
  client: TodoClient,
  user_id: string,
  query: ListParameters = {},
  options: CallOptions = {},
): AsyncGenerator<Task, void, undefined> {
  for (let page: ListParameters | null = query; page; ) {
    const params = { path: { user_id }, query: page };
    const result = await client.GET("/api/{user_id}/tasks", { params, ...options });
    yield* dataOf(result);
    const cursor = nextCursor(result.response);
    page = cursor ? { ...query, cursor } : null;
  }
}

/** Return the cursor in the `Link` to the next page, or null on the last page. */
export function nextCursor(response: Response): string | null {
  const target = response.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
  return new URLSearchParams(target?.split("?")[1]).get("cursor");
}
