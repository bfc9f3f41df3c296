// The same API in Fastify and Postgres.js. Node's cluster module runs the processes, as Node's
// documentation recommends; JSON schemas validate requests and write responses, as Fastify's does.

import cluster from "node:cluster";
import Fastify from "fastify";
import postgres from "postgres";

const { DATABASE_URL, PORT, WEB_CONCURRENCY, CONNECTIONS } = process.env;

const title = { type: "string", minLength: 1, maxLength: 200, pattern: "\\S" };
const description = { type: ["string", "null"], maxLength: 1000 };
const completed = { type: "boolean" };
const changes = {
  type: "object",
  properties: { title, description, completed },
  additionalProperties: false,
};
const timestamp = { type: "string", format: "date-time" };
const task = {
  type: "object",
  properties: {
    id: { type: "string" },
    user_id: { type: "string" },
    title: { type: "string" },
    description: { type: ["string", "null"] },
    completed,
    created_at: timestamp,
    updated_at: timestamp,
  },
};
const response = { "2xx": task };
const query = {
  type: "object",
  properties: {
    completed: { enum: ["true", "false"] },
    limit: { type: "string", pattern: "^([1-9][0-9]{0,3}|10000)$" },
  },
};
const params = {
  type: "object",
  properties: { task_id: { type: "string", format: "uuid" } },
};

function serve() {
  // Postgres.js prepares statements by default, and `max` limits its pool.
  const sql = postgres(DATABASE_URL, { max: Number(CONNECTIONS) });
  const app = Fastify({
    logger: true,
    // One line a request instead of two, by the hook below.
    disableRequestLogging: true,
    // The rules of the API: no coercion, and an unknown member is an error.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  const columns = sql`id, user_id, title, description, completed, created_at, updated_at`;
  const later = sql`updated_at = GREATEST(STATEMENT_TIMESTAMP(), updated_at + INTERVAL '1 microsecond')`;
  const one = ({ user_id, task_id }) => sql`WHERE user_id = ${user_id} AND id = ${task_id}`;

  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    const line = { method, route: routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime };
    request.log.info(line, "request completed");
  });

  function found(rows, reply) {
    if (rows.length) return rows[0];
    reply.code(404);
    return { message: "There is no such task." };
  }

  const tasks = "/api/:user_id/tasks";
  const listSchema = { querystring: query, response: { 200: { type: "array", items: task } } };
  app.get(tasks, { schema: listSchema }, async ({ params: { user_id }, query }) => {
    const filter = query.completed ? sql`AND completed = ${query.completed === "true"}` : sql``;
    return sql`SELECT ${columns} FROM tasks WHERE user_id = ${user_id} ${filter}
      ORDER BY created_at DESC, id DESC LIMIT ${query.limit ?? 10000}`;
  });

  const createSchema = { body: { ...changes, required: ["title"] }, response };
  app.post(tasks, { schema: createSchema }, async ({ params: { user_id }, body }, reply) => {
    const { title, description = null, completed = false } = body;
    const rows = await sql`INSERT INTO tasks (user_id, title, description, completed)
      VALUES (${user_id}, ${title.trim()}, ${description}, ${completed}) RETURNING ${columns}`;
    reply.code(201);
    return rows[0];
  });

  const path = `${tasks}/:task_id`;
  app.get(path, { schema: { params, response } }, async ({ params }, reply) =>
    found(await sql`SELECT ${columns} FROM tasks ${one(params)}`, reply),
  );

  app.route({
    method: ["PUT", "PATCH"],
    url: path,
    schema: { params, body: changes, response },
    async handler({ params, body }, reply) {
      if (body.title) body.title = body.title.trim();
      const rows = Object.keys(body).length
        ? await sql`UPDATE tasks SET ${sql(body)}, ${later} ${one(params)} RETURNING ${columns}`
        : await sql`SELECT ${columns} FROM tasks ${one(params)}`;
      return found(rows, reply);
    },
  });

  app.patch(`${path}/complete`, { schema: { params, response } }, async ({ params }, reply) =>
    found(
      await sql`UPDATE tasks SET completed = NOT completed, ${later} ${one(params)}
        RETURNING ${columns}`,
      reply,
    ),
  );

  app.delete(path, { schema: { params } }, async ({ params }, reply) => {
    const { count } = await sql`DELETE FROM tasks ${one(params)}`;
    reply.code(count ? 204 : 404).send();
    return reply;
  });

  app.listen({ port: Number(PORT) });
}

if (cluster.isPrimary) {
  for (let number = 0; number < Number(WEB_CONCURRENCY); number += 1) cluster.fork();
} else {
  serve();
}
