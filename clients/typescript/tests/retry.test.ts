/** Tests of withRetry against a live service behind a proxy that fails. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createTask, createTodoClient, dataOf, editTask, ifMatch, newKey } from "todo-client";
import { repeated, withRetry } from "todo-client";
import type { RetryOptions, Task, TaskUpdate, TodoClient } from "todo-client";
import { baseUrl, failingProxy, type Failure } from "./service.js";

const user_id = `retry-${newKey()}`;
const direct = createTodoClient({ baseUrl });

/** Return a client with withRetry whose first requests fail, and the log of its requests. */
async function unreliable(options: RetryOptions, ...failures: Failure[]) {
  const proxy = await failingProxy(...failures);
  const client = createTodoClient({ baseUrl: proxy.baseUrl, fetch: withRetry(options) });
  return { client, requests: proxy.requests };
}

async function current({ user_id, id: task_id }: Task): Promise<Task> {
  const params = { path: { user_id, task_id } };
  return dataOf(await direct.GET("/api/{user_id}/tasks/{task_id}", { params }));
}

function complete(client: TodoClient, task: Task, body?: { completed: boolean }, header = {}) {
  const params = { path: { user_id, task_id: task.id }, header };
  const url = "/api/{user_id}/tasks/{task_id}/complete";
  return client.PATCH(url, { params, ...(body && { body }) });
}

test("create is repeated with the same key, and creates one task", async () => {
  const { client, requests } = await unreliable({}, "lost response", { status: 503 });
  const task = await createTask(client, user_id, { title: "Once" }, { key: "once" });
  assert.deepEqual(requests, ["POST once", "POST once", "POST once"]);
  const params = { path: { user_id }, query: { search: "Once" } };
  assert.deepEqual(dataOf(await direct.GET("/api/{user_id}/tasks", { params })), [task]);
});

test("create without a key is not repeated", async () => {
  const { client, requests } = await unreliable({}, "lost response");
  const init = { params: { path: { user_id } }, body: { title: "Once" } };
  await assert.rejects(client.POST("/api/{user_id}/tasks", init), TypeError);
  assert.deepEqual(requests, ["POST"]);
});

test("toggle is not repeated, even if any task matches", async () => {
  const task = await createTask(direct, user_id, { title: "Toggled" });
  for (const header of [{}, { "If-Match": "*" }]) {
    const { client, requests } = await unreliable({}, "lost response");
    await assert.rejects(complete(client, task, undefined, header), TypeError);
    assert.deepEqual(requests, ["PATCH"]);
  }
  assert.equal((await current(task)).completed, false); // toggled twice
});

test("completion that is set, or conditional on an entity tag, is repeated", async () => {
  const task = await createTask(direct, user_id, { title: "Completed" });
  const set = await unreliable({}, "lost response");
  const completed = dataOf(await complete(set.client, task, { completed: true }));
  assert.deepEqual([completed.completed, set.requests.length], [true, 2]);
  const conditional = await unreliable({}, "lost response");
  const result = await complete(conditional.client, completed, undefined, ifMatch(completed));
  assert.deepEqual([result.response.status, conditional.requests.length], [412, 2]);
  assert(repeated.has(result.response));
  assert.equal((await current(task)).completed, false); // toggled once
});

test("edit whose response is lost is applied once", async () => {
  const task = await createTask(direct, user_id, { title: "Milk", description: " 1 l " });
  const { client, requests } = await unreliable({}, "lost response");
  const edited = await editTask(client, task, ({ title }) => ({ title: ` ${title}! ` }));
  assert.deepEqual(edited, { ...task, title: "Milk!", updated_at: edited.updated_at });
  assert.deepEqual(await current(task), edited);
  assert.deepEqual(requests, ["PATCH", "PATCH"]);
});

test("edit that repeats is applied again if somebody else has made a change", async () => {
  const task = await createTask(direct, user_id, { title: "Milk" });
  await editTask(direct, task, () => ({ title: "Bread" }));
  const { client, requests } = await unreliable({}, { status: 503 });
  const edited = await editTask(client, task, ({ title }) => ({ title: `${title}!` }));
  assert.equal(edited.title, "Bread!");
  assert.deepEqual(requests, ["PATCH", "PATCH", "PATCH"]);
});

/** Edit the priority, which this client need not know; return it, and how often it was sent. */
async function editPriority(beforeRepetition: number, others = {}): Promise<[unknown, number]> {
  const task = await createTask(direct, user_id, { title: "Milk" });
  const updated_at = "9998-01-01T00:00:00Z";
  const current = { ...task, title: "Bread", priority: beforeRepetition, updated_at };
  const type = "/problems/precondition-failed";
  const conflict = { type, title: "", status: 412, detail: "", request_id: "", current };
  const headers = { "Content-Type": "application/problem+json" };
  const responses = [
    () => Promise.reject(new TypeError("The response is lost.")),
    () => Promise.resolve(Response.json(conflict, { status: 412, headers })),
    () => Promise.resolve(Response.json({ ...current, priority: 3 })),
  ];
  let requests = 0;
  const fetch = withRetry({ fetch: () => responses[requests++]!() });
  const body: object = { ...task, title: "Bread ", priority: 3, ...others };
  const client = createTodoClient({ baseUrl, fetch });
  const edited = await editTask(client, task, () => body as TaskUpdate);
  return [new Map<string, unknown>(Object.entries(edited)).get("priority"), requests];
}

test("edit that repeats is applied again unless every field that it sends is stored", async () => {
  assert.deepEqual(await editPriority(0), [3, 3]); // the first attempt was lost
  assert.deepEqual(await editPriority(3), [3, 2]); // it was executed
  assert.deepEqual(await editPriority(3, { description: undefined }), [3, 2]); // is not sent
});

test("failure that is not temporary is not repeated", async () => {
  for (const status of [400, 404, 500]) {
    const { client, requests } = await unreliable({}, { status });
    const { response } = await client.GET("/healthz");
    assert.deepEqual([response.status, requests.length], [status, 1]);
    assert(!repeated.has(response));
  }
});

test("response is returned after the last attempt", async () => {
  const causes: unknown[] = [];
  const onRetry = (cause: Error | Response) =>
    causes.push(cause instanceof Response && cause.status);
  const failures = [{ status: 502 }, { status: 504 }, { status: 429 }];
  const { client, requests } = await unreliable({ maxAttempts: 3, onRetry }, ...failures);
  const { response } = await client.GET("/healthz");
  assert.deepEqual([response.status, causes, requests.length], [429, [502, 504], 3]);
});

test("error of the network is thrown after the last attempt", async () => {
  const client = createTodoClient({
    baseUrl: "http://127.0.0.1:1",
    fetch: withRetry({ maxAttempts: 2 }),
  });
  await assert.rejects(client.GET("/healthz"), TypeError);
});

/** Return the pause in seconds that follows such a response; it is aborted at once. */
async function pauseAfter(retryAfter?: string): Promise<number> {
  const controller = new AbortController();
  let pause = NaN;
  const onRetry = (_: unknown, seconds: number) => {
    pause = seconds;
    controller.abort("stop");
  };
  const failure = { status: 503, ...(retryAfter !== undefined && { retryAfter }) };
  const { client, requests } = await unreliable({ onRetry }, failure);
  const call = client.GET("/healthz", { signal: controller.signal });
  await assert.rejects(call, (reason) => reason === "stop");
  assert.equal(requests.length, 1);
  return pause;
}

test("pause is as long as Retry-After says, in seconds or as a date, and 0.25 to 0.5 s", async () => {
  const date = new Date(Date.now() + 12_000).toUTCString(); // without milliseconds
  for (const [retryAfter, minimum, maximum] of [
    ["7", 7.25, 7.5],
    [date, 10.25, 12.5],
    ["0", 0.25, 0.5],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0.25, 0.5],
    ["soon", 0.25, 0.5],
    [undefined, 0.25, 0.5],
  ] as const) {
    const pause = await pauseAfter(retryAfter);
    assert(minimum <= pause && pause <= maximum, `${retryAfter}: ${pause}`);
  }
});

test("signal ends a pause at once, with its reason", async () => {
  const { client, requests } = await unreliable({}, { status: 503, retryAfter: "20" });
  const start = Date.now();
  const call = client.GET("/healthz", { signal: AbortSignal.timeout(300) });
  await assert.rejects(call, { name: "TimeoutError" });
  assert(Date.now() - start < 5_000);
  assert.equal(requests.length, 1);
});

test("signal ends a request, which is not repeated", async () => {
  const { client, requests } = await unreliable({}, { status: 200 });
  const call = client.GET("/healthz", { signal: AbortSignal.abort(new TypeError("stop")) });
  await assert.rejects(call, { message: "stop" });
  assert.deepEqual(requests, []);
});

test("response is returned at once if the pause would be too long", async () => {
  const { client, requests } = await unreliable(
    { maxSeconds: 3 },
    { status: 503, retryAfter: "3" },
  );
  const { response } = await client.GET("/healthz");
  assert.deepEqual([response.status, requests.length], [503, 1]);
});
