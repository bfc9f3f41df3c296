/** Examples of all operations, for a live service: `npm run example http://127.0.0.1:8000`. */

import assert from "node:assert/strict";
import { allTasks, createTodoClient, dataOf, editTask, ifMatch, ProblemError } from "todo-client";

const [baseUrl] = process.argv.slice(2);
assert(baseUrl, "Usage: npm run example http://127.0.0.1:8000");

const client = createTodoClient({ baseUrl });
const user_id = `Zoë & co. 100%? #${crypto.randomUUID()}`; // unique, to be percent-encoded
const path = { user_id };

// Create a task, and repeat the request as after a lost response.

const key = crypto.randomUUID(); // a new key for each new task
const create = () =>
  client.POST("/api/{user_id}/tasks", {
    params: { path, header: { "Idempotency-Key": key } },
    body: { title: "Buy milk" },
  });
const created = await create();
const repeated = await create();
const milk = dataOf(repeated);

assert.deepEqual(milk, {
  id: milk.id,
  user_id,
  title: "Buy milk",
  description: null,
  completed: false,
  created_at: milk.created_at,
  updated_at: milk.created_at,
});
assert.deepEqual(dataOf(created), milk);
assert.deepEqual([created.response.status, repeated.response.status], [201, 201]);
assert.equal(created.response.headers.get("Idempotent-Replayed"), null);
assert.equal(repeated.response.headers.get("Idempotent-Replayed"), "true");
for (const { headers } of [created.response, repeated.response]) {
  const location = decodeURIComponent(headers.get("Location") ?? "");
  assert.equal(location, `/api/${user_id}/tasks/${milk.id}`);
  assert.equal(headers.get("ETag"), ifMatch(milk)["If-Match"]);
}

// Show validation errors beside their fields.

const fieldErrors: Record<string, string> = {};
try {
  dataOf(await client.POST("/api/{user_id}/tasks", { params: { path }, body: { title: "" } }));
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

const conflict = await client.PATCH("/api/{user_id}/tasks/{task_id}", {
  params: { path: taskPath, header: ifMatch(milk) },
  body: { title: "Buy milk today" },
});
assert.equal(conflict.response.status, 412);
assert.equal(conflict.error?.type, "/problems/precondition-failed");
assert.deepEqual(conflict.error.current, changedByOther);

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

console.log("All examples passed.");
