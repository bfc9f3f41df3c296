/** Tests of the helpers: problems, conflicts, keys, pages. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as todo from "todo-client";
import { baseUrl } from "./service.js";

const client = todo.createTodoClient({ baseUrl });
const user_id = `client-${todo.newKey()}`;

/** Return the ProblemError that a call throws. */
async function problemOf(call: Promise<unknown>): Promise<todo.ProblemError> {
  const error = await call.then(
    () => assert.fail("No problem."),
    (error: unknown) => error,
  );
  assert(error instanceof todo.ProblemError);
  return error;
}

test("ProblemError has a name, the response and a problem that its type narrows", async () => {
  const error = await problemOf(todo.createTask(client, user_id, { title: "" }));
  assert.equal(error.name, "ProblemError");
  assert.equal(String(error), "ProblemError: title: This field may not be blank.");
  assert.equal(error.response.status, 400);
  assert.equal(error.response.headers.get("X-Request-ID"), error.problem.request_id);
  assert(error.problem.type === "/problems/validation-error");
  // @ts-expect-error: only a conflict has a current task
  assert.equal(error.problem.current, undefined);
});

test("every problem type is known to the compiler", () => {
  const type = "/problems/not-found" as todo.AnyProblem["type"];
  // @ts-expect-error: there is no such type
  assert.notEqual(type, "/problems/no-such-type" satisfies todo.AnyProblem["type"]);
  assert.equal(type, "/problems/not-found");
});

test("edit with one attempt throws the conflict, with the current task", async () => {
  const task = await todo.createTask(client, user_id, { title: "Milk" });
  const theirs = await todo.editTask(client, task, () => ({ title: "Oat milk" }));
  const mine = todo.editTask(client, task, () => ({ title: "Soy milk" }), { maxAttempts: 1 });
  const { problem, response } = await problemOf(mine);
  assert(problem.type === "/problems/precondition-failed");
  const current: todo.Task | undefined = problem.current;
  assert.deepEqual([current, response.status], [theirs, 412]);
});

test("edit ends with the conflict after ten attempts", async () => {
  let task = await todo.createTask(client, user_id, { title: "0" });
  let attempts = 0;
  const fetch = async (request: Request): Promise<Response> => {
    attempts += 1; // somebody else is always faster
    task = await todo.editTask(client, task, () => ({ title: `${attempts}` }));
    return globalThis.fetch(request);
  };
  const slow = todo.createTodoClient({ baseUrl, fetch });
  const error = await problemOf(todo.editTask(slow, task, () => ({ description: "Mine" })));
  assert(error.problem.type === "/problems/precondition-failed");
  assert.deepEqual([error.problem.current, attempts], [task, 10]);
});

test("edit of a conflict with the same change is not taken for a repetition", async () => {
  const task = await todo.createTask(client, user_id, { title: "1" });
  const next = ({ title }: todo.Task) => ({ title: `${Number(title) + 1}` });
  await todo.editTask(client, task, next);
  assert.equal((await todo.editTask(client, task, next)).title, "3");
});

test("signal ends every helper with its reason", async () => {
  const signal = AbortSignal.abort("stop");
  const task = await todo.createTask(client, user_id, { title: "Milk" });
  for (const call of [
    todo.createTask(client, user_id, { title: "Bread" }, { signal }),
    todo.editTask(client, task, () => ({ title: "Bread" }), { signal }),
    todo.allTasks(client, user_id, {}, { signal }).next(),
  ])
    await assert.rejects(call, (reason) => reason === "stop");
});

test("keys are valid and differ", () => {
  const keys = Array.from({ length: 100 }, todo.newKey);
  assert.equal(new Set(keys).size, 100);
  for (const key of keys) assert.match(key, /^(\d+-){3}\d+$/);
});

test("cursor is that of the next page", () => {
  const cursorOf = (headers: HeadersInit) => todo.nextCursor(new Response(null, { headers }));
  assert.equal(cursorOf({}), null);
  assert.equal(cursorOf({ Link: '</api/a/tasks?limit=1&cursor=Aa-_9>; rel="next"' }), "Aa-_9");
  assert.equal(cursorOf({ Link: '</api/a/tasks?cursor=A>; rel="first"' }), null);
});

test("response of a gateway is an error that names it", async () => {
  const gateway = new Response("<html>", { status: 502, statusText: "Bad Gateway" });
  const fetch = () => Promise.resolve(gateway);
  const call = todo.createTask(todo.createTodoClient({ baseUrl, fetch }), user_id, { title: "a" });
  await assert.rejects(call, { name: "Error", message: "502 Bad Gateway from " });
});
