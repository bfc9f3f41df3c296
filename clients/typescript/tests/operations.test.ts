/** All operations of a live service; the samples of the documentation are taken from here. */

import assert from "node:assert/strict";
import { allTasks, createTask, createTodoClient, dataOf, editTask, ifMatch } from "todo-client";
import { newKey, ProblemError, withRetry } from "todo-client";
import { baseUrl } from "./service.js";

const client = createTodoClient({ baseUrl, fetch: withRetry() });
const user_id = `Zoë & co. 100%? #${crypto.randomUUID()}`; // unique, to be percent-encoded
const path = { user_id };

// Create a task, and repeat the request as after a lost response.

const key = newKey(); // a new key for each new task
const milk = await createTask(client, user_id, { title: "Buy milk" }, { key });
const repeated = await client.POST("/api/{user_id}/tasks", {
  params: { path, header: { "Idempotency-Key": key } },
  body: { title: "Buy milk" },
});

assert.deepEqual(milk, {
  ...milk,
  user_id,
  title: "Buy milk",
  description: null,
  completed: false,
  updated_at: milk.created_at,
});
assert.deepEqual(dataOf(repeated), milk);
assert.equal(repeated.response.status, 201);
const { headers } = repeated.response;
assert.equal(headers.get("Idempotent-Replayed"), "true");
assert.equal(decodeURIComponent(headers.get("Location") ?? ""), `/api/${user_id}/tasks/${milk.id}`);
assert.equal(headers.get("ETag"), ifMatch(milk)["If-Match"]);

// Show validation errors beside their fields.

const fieldErrors: Record<string, string> = {};
try {
  await createTask(client, user_id, { title: "" });
} catch (error) {
  if (!(error instanceof ProblemError)) throw error; // no response, or not from the service
  if (error.problem.type !== "/problems/validation-error") throw error;
  for (const { pointer, detail } of error.problem.errors ?? []) fieldErrors[pointer ?? ""] = detail;
}

assert.deepEqual(fieldErrors, { "#/title": "This field may not be blank." });

// Edit a task that another client edits at the same time.

const taskPath = { ...path, task_id: milk.id };
const changedByOther = dataOf(
  await client.PATCH("/api/{user_id}/tasks/{task_id}", {
    params: { path: taskPath, header: ifMatch(milk) },
    body: { title: "Buy oat milk" },
  }),
);

const conflict = editTask(client, milk, () => ({ title: "Buy milk today" }), { maxAttempts: 1 });
await assert.rejects(conflict, ({ problem }: ProblemError) => {
  assert(problem.type === "/problems/precondition-failed");
  assert.deepEqual(problem.current, changedByOther);
  return true;
});

const seen: string[] = [];
const edited = await editTask(client, milk, ({ title }) => {
  seen.push(title);
  return { title: `${title} today` };
});
assert.deepEqual(seen, ["Buy milk", "Buy oat milk"]);
assert.deepEqual(edited, {
  ...milk,
  title: "Buy oat milk today",
  updated_at: edited.updated_at,
});
assert(milk.updated_at < changedByOther.updated_at);
assert(changedByOther.updated_at < edited.updated_at);

// Complete a task: without a body it is toggled; with one it is set, which is safe to repeat.

const complete = (body?: { completed: boolean }) =>
  client.PATCH("/api/{user_id}/tasks/{task_id}/complete", {
    params: { path: taskPath },
    ...(body && { body }),
  });
const values: boolean[] = [];
for (const body of [undefined, undefined, { completed: true }, { completed: true }])
  values.push(dataOf(await complete(body)).completed);
assert.deepEqual(values, [true, false, true, true]);

// List a thousand tasks, page by page.

const ids = [milk.id];
for (let batch = 0; batch < 37; batch++) {
  const creations = Array.from({ length: 27 }, (_, number) =>
    client.POST("/api/{user_id}/tasks", {
      params: { path },
      body: { title: `Task ${batch}.${number}`, completed: number === 0 },
    }),
  );
  for (const creation of await Promise.all(creations)) ids.push(dataOf(creation).id);
}

const pages: string[] = [];
client.use({ onRequest: ({ request }) => void pages.push(request.url) });
const visited: string[] = [];
let newest = "9999";
for await (const { id, created_at } of allTasks(client, user_id, { limit: 100 })) {
  assert(created_at <= newest, "The newest task comes first.");
  newest = created_at;
  visited.push(id);
}
assert.equal(visited.length, 1000);
assert.deepEqual(new Set(visited), new Set(ids));
assert.equal(pages.length, 10);

// Delete the completed tasks; then delete one of the others twice.

const completed = { params: { path, query: { completed: true } } };
assert.deepEqual(dataOf(await client.DELETE("/api/{user_id}/tasks", completed)), { deleted: 38 });
assert.deepEqual(dataOf(await client.GET("/api/{user_id}/tasks", completed)), []);
const [open] = dataOf(
  await client.GET("/api/{user_id}/tasks", { params: { path, query: { limit: 1 } } }),
);
assert(open);
const openTask = { params: { path: { ...path, task_id: open.id } } };
const [deleted, missing] = [
  await client.DELETE("/api/{user_id}/tasks/{task_id}", openTask),
  await client.DELETE("/api/{user_id}/tasks/{task_id}", openTask),
];
assert.equal(deleted.response.status, 204);
assert.equal(missing.error?.type, "/problems/not-found");
