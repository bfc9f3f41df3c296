/** The tasks of one user: the list in the cache, and the changes. */

import * as query from "@tanstack/react-query";
import * as todo from "todo-client";

const path = { user_id: new URLSearchParams(location.search).get("user") ?? "user123" };
const retry = todo.withRetry({ onRetry: (cause) => notify(`${reason(cause)} Trying again …`) });
const client = todo.createTodoClient({
  baseUrl: String(import.meta.env["VITE_API_URL"] ?? "http://127.0.0.1:8000"),
  fetch: (request) => retry(request).finally(() => notify("")),
});
const TASK = "/api/{user_id}/tasks/{task_id}";
export const queryClient = new query.QueryClient();
// Show a change before the browser paints: with the default, a timer, a checkbox would flicker.
query.notifyManager.setScheduler(queueMicrotask);

export const noticeQuery = query.queryOptions<string>({
  queryKey: ["notice"],
  queryFn: query.skipToken,
});
const notify = (notice: string) => queryClient.setQueryData(noticeQuery.queryKey, notice);
export const report = (error: Error) => void notify(reason(error));

export function reason(failure: Error | Response): string {
  if (failure instanceof TypeError) return "The service cannot be reached.";
  const problem = failure instanceof todo.ProblemError ? failure.problem : undefined;
  if (problem?.type === "/problems/precondition-failed") return "Somebody has changed the task.";
  if (problem?.type === "/problems/not-found") return "Somebody has deleted the task.";
  return problem && problem.status < 500 ? problem.detail : "The service is not available.";
}

export type Filter = { search: string; completed: "" | "true" | "false" };

export const tasksQuery = ({ search, completed }: Filter) =>
  query.infiniteQueryOptions({
    queryKey: ["tasks", search, completed],
    queryFn: async ({ pageParam, signal }) => {
      const filter = {
        ...(search && { search }),
        ...(completed && { completed: completed === "true" }),
      };
      const params = { path, query: { limit: 500, ...filter, ...pageParam } };
      const result = await client.GET("/api/{user_id}/tasks", { params, signal });
      return { tasks: todo.dataOf(result), cursor: todo.nextCursor(result.response) };
    },
    initialPageParam: {},
    getNextPageParam: ({ cursor }) => cursor && { cursor },
    retry: false, // `withRetry` does it
    placeholderData: query.keepPreviousData, // until the first page of another search arrives
    gcTime: 0, // a list that is shown again starts with its first page
  });

type Pages = query.InfiniteData<{ tasks: todo.Task[] }>;

/** Change the pages in the cache. To fetch them again would take a request for each of them. */
async function patch(change: (tasks: todo.Task[], page: number) => todo.Task[]): Promise<void> {
  const lists = { queryKey: ["tasks"] };
  // What is under way may have been read before the change, or contains the pages before it.
  const predicate = ({ state }: query.Query) => !state.fetchMeta?.fetchMore;
  const isRefetching = queryClient.isFetching({ ...lists, predicate });
  await queryClient.cancelQueries(lists);
  queryClient.setQueriesData<Pages>(lists, (data) => {
    const pages = data?.pages.map((page, at) => ({ ...page, tasks: change(page.tasks, at) }));
    return data && { ...data, pages: pages ?? [] };
  });
  if (isRefetching) void queryClient.invalidateQueries(lists); // the next page is fetched anyway
}

const replace = ({ id }: todo.Task, ...current: todo.Task[]): Promise<void> =>
  patch((tasks) => tasks.flatMap((task) => (task.id === id ? current : [task])));

/** Show what has become of the task, also if that is why the change fails. */
async function show(task: todo.Task, change: Promise<todo.Task | undefined>): Promise<void> {
  try {
    const changed = await change;
    await (changed ? replace(task, changed) : replace(task));
  } catch (error) {
    const current = currentIn(error);
    if (current) await replace(task, current);
    if (error instanceof todo.ProblemError && error.response.status === 404) await replace(task);
    throw error;
  }
}

/** Return the current task, if the error is a conflict. */
export function currentIn(error: unknown): todo.Task | undefined {
  const problem = error instanceof todo.ProblemError ? error.problem : undefined;
  return problem?.type === "/problems/precondition-failed" ? problem.current : undefined;
}

export type NewTask = todo.TaskCreate & { key: string };

/** Add the task at the top of the list, where the user has seen it, whatever the filter is. */
export async function addTask({ key, ...fields }: NewTask): Promise<void> {
  const added = await todo.createTask(client, path.user_id, fields, { key });
  await patch((tasks, page) => [
    ...(page === 0 ? [added] : []),
    ...tasks.filter(({ id }) => id !== added.id), // a fetch may have brought it
  ]);
}

/** Edit the task as the user has seen it; throws a conflict if somebody has changed it. */
export const editTask = (task: todo.Task, change: todo.TaskUpdate): Promise<void> =>
  show(task, todo.editTask(client, task, () => change, { maxAttempts: 1 }));

const ofTask = ({ id }: todo.Task) => ({ path: { ...path, task_id: id } });

/** Set whether the task is completed, whatever else somebody has changed. */
export async function completeTask(task: todo.Task, completed: boolean): Promise<void> {
  const init = { params: ofTask(task), body: { completed } };
  await show(task, client.PATCH(`${TASK}/complete`, init).then(todo.dataOf));
}

/** Delete the task as the user has seen it; throws a conflict if somebody has changed it. */
export async function deleteTask(task: todo.Task): Promise<void> {
  const init = { params: { ...ofTask(task), header: todo.ifMatch(task) } };
  const deletion = client.DELETE(TASK, init).then((result) =>
    // It is gone, as the user wants; a request that `withRetry` repeats can get its own 404.
    result.response.status === 404 ? undefined : todo.dataOf(result),
  );
  await show(task, deletion);
}
