/** Call each method of the data providers in the guide against a live service. */

import assert from "node:assert/strict";
import { createTodoClient, newKey } from "todo-client";
import { reactAdminProvider } from "./react-admin.js";
import { refineProvider } from "./refine.js";
import { tasksOf } from "./tasks.js";

const [baseUrl = ""] = process.argv.slice(2);
const tasks = (): ReturnType<typeof tasksOf> => tasksOf(createTodoClient({ baseUrl }), newKey());
const titles = (list: { data: any[] }): string[] => list.data.map(({ title }) => title);
const blank = { status: 400, statusCode: 400, errors: { title: "This field may not be blank." } };
const conflict = { status: 412, statusCode: 412, errors: {} };

{
  const { getList, getOne, getMany, ...provider } = reactAdminProvider(tasks());
  const create = async (title: string) => (await provider.create("tasks", { data: { title } })).data;
  const [milk, bread, eggs] = [await create("Milk"), await create("Bread"), await create("Eggs")];
  await assert.rejects(create(" "), { ...blank, body: { errors: blank.errors } });
  const sort = { field: "title", order: "ASC" } as const;
  const page = await getList("tasks", { sort, pagination: { page: 2, perPage: 2 } });
  assert.deepEqual([titles(page), page.total], [["Milk"], 3]);
  assert.deepEqual((await getOne("tasks", { id: milk.id })).data, milk);
  assert.deepEqual((await getMany("tasks", { ids: [milk.id] })).data, [milk]);
  const edit = { id: milk.id, data: { ...milk, description: "Two" }, previousData: milk };
  const { data: edited } = await provider.update("tasks", edit);
  assert.equal(edited.description, "Two");
  await assert.rejects(provider.update("tasks", edit), conflict);
  await assert.rejects(provider.delete("tasks", { id: milk.id, previousData: milk }), conflict);
  await provider.updateMany("tasks", { ids: [milk.id, eggs.id], data: { completed: true } });
  const completed = await provider.getManyReference("tasks", {
    ...{ target: "", id: "", filter: { completed: true } },
    ...{ sort: { field: "title", order: "DESC" }, pagination: { page: 1, perPage: 9 } },
  });
  assert.deepEqual(titles(completed), ["Milk", "Eggs"]);
  assert.deepEqual((await provider.delete("tasks", { id: bread.id, previousData: bread })).data, bread);
  await provider.deleteMany("tasks", { ids: [milk.id] });
  assert.deepEqual(titles(await getList("tasks", {})), ["Eggs"]);
}

{
  const resource = "tasks";
  const provider = refineProvider(tasks(), baseUrl);
  const create = async (title: string) =>
    (await provider.create({ resource, variables: { title } })).data as any;
  const [milk, bread] = [await create("Milk"), await create("Bread")];
  await assert.rejects(create(""), blank);
  const sorters = [{ field: "title", order: "asc" } as const];
  const page = await provider.getList({ resource, sorters, pagination: { pageSize: 1 } });
  assert.deepEqual([titles(page), page.total], [["Bread"], 2]);
  assert.deepEqual((await provider.getOne({ resource, id: milk.id })).data, milk);
  const edit = { resource, id: milk.id, variables: { ...milk, completed: true } };
  assert.equal((await provider.update(edit)).data["completed"], true);
  await assert.rejects(provider.update(edit), conflict);
  await assert.rejects(provider.deleteOne({ resource, id: milk.id, variables: milk }), conflict);
  const filters = [{ field: "completed", operator: "eq", value: true } as const];
  assert.deepEqual(titles(await provider.getList({ resource, filters })), ["Milk"]);
  await provider.deleteOne({ resource, id: bread.id, variables: bread });
  assert.deepEqual(titles(await provider.getList({ resource })), ["Milk"]);
  assert.equal(provider.getApiUrl(), baseUrl);
}
