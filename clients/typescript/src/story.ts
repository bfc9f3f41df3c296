/** A day of a frontend, told to a running service: `npm run story http://127.0.0.1:8000`. */

import assert from "node:assert/strict";
import { allTasks, createTodoClient, dataOf, editTask, ifMatch, ProblemError } from "todo-client";

const [baseUrl] = process.argv.slice(2);
assert(baseUrl, "Say where the service runs: npm run story http://127.0.0.1:8000");

const client = createTodoClient({ baseUrl });
const user_id = `Zoë & co. 100%? #${crypto.randomUUID()}`; // new in each run, and awkward in a URL
const path = { user_id };

// Create a task, and repeat that as after a lost answer.

const key = crypto.randomUUID(); // one for each task that the user asks for
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

// Show what is wrong beside the field.

const wrong: Record<string, string> = {};
try {
  dataOf(await client.POST("/api/{user_id}/tasks", { params: { path }, body: { title: "" } }));
} catch (error) {
  if (!(error instanceof ProblemError)) throw error; // no answer, or not the service's
  if (error.problem.type !== "/problems/validation-error") throw error;
  for (const { pointer, detail } of error.problem.errors ?? []) wrong[pointer ?? ""] = detail;
}

assert.deepEqual(wrong, { "#/title": "This field may not be blank." });

// Edit a task that somebody else edits, too.

const one = { ...path, task_id: milk.id };
const theirs = dataOf(
  await client.PATCH("/api/{user_id}/tasks/{task_id}", {
    params: { path: one, header: ifMatch(milk) },
    body: { title: "Buy oat milk" },
  }),
);

const late = await client.PATCH("/api/{user_id}/tasks/{task_id}", {
  params: { path: one, header: ifMatch(milk) },
  body: { title: "Buy milk today" },
});
assert.equal(late.response.status, 412);
assert.equal(late.error?.type, "/problems/precondition-failed");
assert.deepEqual(late.error.current, theirs);

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
assert(milk.updated_at < theirs.updated_at && theirs.updated_at < edited.updated_at);

// Complete it: without a body the service flips; with one it sets, which is safe to repeat.

const complete = (body?: { completed: boolean }) =>
  client.PATCH("/api/{user_id}/tasks/{task_id}/complete", {
    params: { path: one },
    ...(body && { body }),
  });
const states: boolean[] = [];
for (const body of [undefined, undefined, { completed: true }, { completed: true }])
  states.push(dataOf(await complete(body)).completed);
assert.deepEqual(states, [true, false, true, true]);

// Visit a thousand tasks, a page at a time.

const ids = [milk.id];
for (let batch = 0; batch < 37; batch++) {
  const answers = Array.from({ length: 27 }, (_, number) =>
    client.POST("/api/{user_id}/tasks", {
      params: { path },
      body: { title: `Task ${batch}.${number}`, completed: number === 0 },
    }),
  );
  for (const answer of await Promise.all(answers)) ids.push(dataOf(answer).id);
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

// Delete the completed tasks, then one of the others, twice.

const completed = { params: { path, query: { completed: true } } };
assert.deepEqual(dataOf(await client.DELETE("/api/{user_id}/tasks", completed)), { deleted: 38 });
assert.deepEqual(dataOf(await client.GET("/api/{user_id}/tasks", completed)), []);
const [open] = dataOf(
  await client.GET("/api/{user_id}/tasks", { params: { path, query: { limit: 1 } } }),
);
assert(open);
const gone = { params: { path: { ...path, task_id: open.id } } };
const [deleted, missing] = [
  await client.DELETE("/api/{user_id}/tasks/{task_id}", gone),
  await client.DELETE("/api/{user_id}/tasks/{task_id}", gone),
];
assert.equal(deleted.response.status, 204);
assert.equal(missing.error?.type, "/problems/not-found");

console.log("The story holds.");
