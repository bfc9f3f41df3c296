/** A page of tasks: an example of the client with React and React Query. */

import * as query from "@tanstack/react-query";
import { useRef, useState, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import * as todo from "todo-client";
import "./page.css";

const path = { user_id: new URLSearchParams(location.search).get("user") ?? "user123" };
const retry = todo.withRetry({ onRetry: (cause) => notify(`${reason(cause)} Trying again …`) });
const client = todo.createTodoClient({
  baseUrl: String(import.meta.env["VITE_API_URL"] ?? "http://127.0.0.1:8000"),
  fetch: (request) => retry(request).finally(() => notify("")),
});

const tasksQuery = query.infiniteQueryOptions({
  queryKey: ["tasks", path.user_id],
  queryFn: async ({ pageParam, signal }) => {
    const params = { path, query: { limit: 20, ...pageParam } };
    const result = await client.GET("/api/{user_id}/tasks", { params, signal });
    return { tasks: todo.dataOf(result), cursor: todo.nextCursor(result.response) };
  },
  initialPageParam: {},
  getNextPageParam: ({ cursor }) => cursor && { cursor },
  retry: false, // `withRetry` does it
});
const noticeQuery = query.queryOptions<string>({ queryKey: ["notice"], queryFn: query.skipToken });
const notify = (notice: string) => queryClient.setQueryData(noticeQuery.queryKey, notice);
const refetch = (): Promise<void> => queryClient.invalidateQueries(tasksQuery);
const queryClient = new query.QueryClient({
  mutationCache: new query.MutationCache({ onSuccess: refetch, onError: () => void refetch() }),
  defaultOptions: { mutations: { gcTime: 0 } }, // so that a reset mutation has no error
});

function reason(failure: Error | Response): string {
  if (failure instanceof TypeError) return "The service cannot be reached.";
  const problem = failure instanceof todo.ProblemError ? failure.problem : undefined;
  if (problem?.type === "/problems/precondition-failed")
    return `Somebody has changed it to “${problem.current?.title}”.`;
  return problem && problem.status < 500 ? problem.detail : "The service is not available.";
}

function Page() {
  const { subscribe } = query.onlineManager;
  const isOnline = useSyncExternalStore(subscribe, () => query.onlineManager.isOnline());
  const notice = query.useQuery(noticeQuery).data;
  const list = query.useInfiniteQuery(tasksQuery);
  const tasks = list.data?.pages.flatMap((page) => page.tasks);
  const rows = tasks?.map((task) => <Item key={task.id} task={task} />);
  const error = query.useMutationState().at(-1)?.error ?? list.error;
  const alert = isOnline ? notice || (error && reason(error)) : "You are offline.";
  const [key, setKey] = useState(todo.newKey); // of the new task
  const add = query.useMutation({
    mutationFn: (title: string) => todo.createTask(client, path.user_id, { title }, { key }),
  });
  const submit = (form: FormData) => add.mutate(titleIn(form));
  const unsaved = add.isSuccess ? "" : add.variables; // React resets a form after its action
  return (
    <>
      <h1>Tasks</h1>
      <form action={submit} onInput={() => setKey(todo.newKey)}>
        <input {...TITLE} aria-label="New task" placeholder="New task" defaultValue={unsaved} />
        <button aria-busy={add.isPending}>Add</button>
      </form>
      <p role="status">{alert ? <mark>{alert}</mark> : rows && `Tasks shown: ${rows.length}`}</p>
      {list.isError && <button onClick={() => list.refetch()}>Try again</button>}
      <ul>{rows}</ul>
      {list.hasNextPage && <button onClick={() => list.fetchNextPage()}>Load more</button>}
    </>
  );
}

const titleIn = (form: FormData) => String(form.get("title"));
const TITLE = { name: "title", required: true, maxLength: 200 };

function Item({ task }: { task: todo.Task }) {
  const details = useRef<HTMLDetailsElement>(null);
  const [base, setBase] = useState(task); // what the user has begun to edit
  const edit = query.useMutation({
    mutationFn: ({ base = task, ...change }: todo.TaskUpdate & { base?: todo.Task }) =>
      todo.editTask(client, base, () => change, change.title ? { maxAttempts: 1 } : {}),
    onSuccess: () => details.current?.removeAttribute("open"),
  });
  const problem = edit.error instanceof todo.ProblemError ? edit.error.problem : undefined;
  const current = problem?.type === "/problems/precondition-failed" ? problem.current : undefined;
  const shown = edit.isPending ? { ...task, ...edit.variables } : task;
  const toggle = () => edit.mutate({ completed: !shown.completed });
  const save = (form: FormData) => edit.mutate({ base: current ?? base, title: titleIn(form) });
  return (
    <li>
      <label>
        <input type="checkbox" checked={shown.completed} onChange={toggle} />
        <span>{shown.title}</span>
      </label>
      <details ref={details} onToggle={() => (setBase(task), edit.reset())}>
        <summary>{current ? "Keep theirs" : "Edit"}</summary>
        <form key={base.updated_at} action={save}>
          <input {...TITLE} aria-label="Title" defaultValue={edit.variables?.title ?? base.title} />
          <button aria-busy={edit.isPending}>{current ? "Save mine" : "Save"}</button>
        </form>
      </details>
    </li>
  );
}

createRoot(document.querySelector("main")!).render(
  <query.QueryClientProvider client={queryClient}>
    <Page />
  </query.QueryClientProvider>,
);
