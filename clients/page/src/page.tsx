/** A page of tasks: an example of the client with React and React Query. */

import * as query from "@tanstack/react-query";
import { memo, useEffect, useRef, useState, useSyncExternalStore, type FormEvent } from "react";
import { createRoot } from "react-dom/client";
import { newKey, ProblemError, type Task, type TaskUpdate } from "todo-client";
import { addTask, completeTask, deleteTask, editTask, type Filter, type NewTask } from "./tasks";
import { currentIn, noticeQuery, queryClient, reason, report, tasksQuery } from "./tasks";
import "./page.css";

function Page() {
  const { subscribe } = query.onlineManager;
  const isOnline = useSyncExternalStore(subscribe, () => query.onlineManager.isOnline());
  const notice = query.useQuery(noticeQuery).data;
  const [filter, setFilter] = useState<Filter>({ search: "", completed: "" });
  const list = query.useInfiniteQuery(tasksQuery(filter));
  const [edited, setEdited] = useState<Task>();
  const tasks = list.data?.pages.flatMap((page) => page.tasks);
  const loadMore = () => list.fetchNextPage({ cancelRefetch: false });
  const tryAgain = () => (list.isFetchNextPageError ? loadMore() : list.refetch());
  const isLoading = list.isLoading || list.isPlaceholderData;
  const state = isLoading ? "Loading …" : tasks && `Tasks shown: ${tasks.length}`;
  const alert = isOnline ? notice || (list.error && reason(list.error)) : "You are offline.";
  return (
    <>
      <h1>Tasks</h1>
      <NewTasks />
      <Search onChange={(change) => setFilter((filter) => ({ ...filter, ...change }))} />
      <p role="status">{alert ? <mark>{alert}</mark> : state}</p>
      {list.isError && <button onClick={tryAgain}>Try again</button>}
      <ul aria-label="Tasks" aria-busy={isLoading}>
        {tasks?.map((task) => <Item key={task.id} task={task} onEdit={setEdited} />)}
      </ul>
      {list.hasNextPage && !list.isError && (
        <button ref={whenNear(loadMore)} onClick={loadMore} aria-busy={list.isFetchingNextPage}>
          Load more
        </button>
      )}
      {edited && <Editor task={edited} onClose={() => setEdited(undefined)} />}
    </>
  );
}

/** Call the function when the element is less than a window away from what is visible. */
const whenNear = (call: () => unknown) => (element: Element | null) => {
  const options = { rootMargin: "100%" };
  const observer = new IntersectionObserver(([at]) => at?.isIntersecting && call(), options);
  if (element) observer.observe(element);
  return () => observer.disconnect();
};

function Search({ onChange }: { onChange: (change: Partial<Filter>) => void }) {
  const timer = useRef(0);
  const search = (text: string) => {
    clearTimeout(timer.current); // one request for a word, not one for each letter
    timer.current = window.setTimeout(() => onChange({ search: text }), 300);
  };
  const show = (value: string) => onChange({ completed: value as Filter["completed"] });
  return (
    <search>
      <input
        {...{ type: "search", dir: "auto", "aria-label": "Search", placeholder: "Search" }}
        onChange={(event) => search(event.target.value)}
      />
      <select aria-label="Show" onChange={(event) => show(event.target.value)}>
        <option value="">All</option>
        <option value="false">Open</option>
        <option value="true">Completed</option>
      </select>
    </search>
  );
}

const TITLE = { name: "title", required: true, dir: "auto" };

/** Return the title in a form, which is submitted. */
function titleIn(event: FormEvent<HTMLFormElement>): string {
  event.preventDefault();
  return String(new FormData(event.currentTarget).get("title"));
}

type AddMutation = query.Mutation<void, Error, NewTask>;

function forget(key: string) {
  const cache = queryClient.getMutationCache();
  const predicate = ({ state }: query.Mutation) => (state.variables as NewTask)?.key === key;
  for (const mutation of cache.findAll({ predicate })) cache.remove(mutation);
}

const useAdd = () =>
  query.useMutation({
    mutationKey: ["add"],
    mutationFn: addTask,
    scope: { id: "add" }, // in the order in which the user has added them
    gcTime: Infinity, // keeps what could not be added
    onSuccess: (_, { key }) => forget(key),
  });

/** The form for a new task, and the tasks that the service does not have yet. */
function NewTasks() {
  const add = useAdd();
  const unsaved = query.useMutationState({
    filters: { mutationKey: ["add"] },
    select: ({ state: { variables, error } }: AddMutation) => ({ task: variables!, error }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    add.mutate({ title: titleIn(event), key: newKey() });
    event.currentTarget.reset(); // at once, so that a second Enter adds nothing
  };
  const retry = (event: FormEvent<HTMLFormElement>, task: NewTask) => {
    const title = titleIn(event);
    forget(task.key);
    // The service may have added the task: the same key does not add it twice.
    add.mutate(title === task.title ? task : { ...task, title, key: newKey() });
  };
  return (
    <>
      <form onSubmit={submit}>
        <input {...TITLE} aria-label="New task" placeholder="New task" />
        <button>Add</button>
      </form>
      <ul aria-label="Unsaved tasks">
        {unsaved.toReversed().map(({ task, error }) =>
          error ? (
            <li key={task.key}>
              <form ref={passFocusOn} onSubmit={(event) => retry(event, task)}>
                <input {...TITLE} aria-label="Task not added" defaultValue={task.title} />
                <button aria-label={`Add again ${task.title}`}>Add again</button>
                <button
                  type="button"
                  aria-label={`Discard ${task.title}`}
                  onClick={() => forget(task.key)}
                >
                  Discard
                </button>
              </form>
              <p role="alert"><mark>{reason(error)}</mark></p>
            </li>
          ) : (
            <li key={task.key}><span dir="auto" aria-busy="true">{task.title}</span></li>
          ),
        )}
      </ul>
    </>
  );
}

/**
 * The time in which a deletion can be undone. The request is sent only after it: a task that is
 * deleted at once and created again has a new id and a new `created_at`, and is lost if the second
 * request fails. If the page is closed before, the task stays.
 */
const UNDO_SECONDS = 10;

const Item = memo(function Item({ task, onEdit }: { task: Task; onEdit: (task: Task) => void }) {
  const scope = { id: task.id }; // one change after the other
  const complete = query.useMutation({
    mutationFn: (completed: boolean) => completeTask(task, completed),
    scope,
    onError: report,
  });
  const [timer, setTimer] = useState<number>(); // of the deletion
  const remove = query.useMutation({
    mutationFn: deleteTask,
    scope,
    onError: report,
    onSettled: () => setTimer(undefined),
  });
  const isDeleted = timer !== undefined;
  const toggleDeleted = () => {
    if (remove.isPending) return; // too late
    clearTimeout(timer);
    const deleteLater = () => window.setTimeout(() => remove.mutate(task), 1000 * UNDO_SECONDS);
    setTimer(isDeleted ? undefined : deleteLater());
  };
  const completed = complete.isPending ? complete.variables : task.completed;
  return (
    <li ref={passFocusOn} data-deleted={isDeleted || undefined}>
      <label>
        <input
          type="checkbox"
          checked={completed}
          disabled={isDeleted}
          onChange={() => complete.mutate(!completed)}
        />
        <span dir="auto">{task.title}</span>
      </label>
      {!isDeleted && (
        <button aria-label={`Edit ${task.title}`} onClick={() => onEdit(task)}>Edit</button>
      )}
      {/* The same button, so that it keeps the focus. */}
      <button
        aria-label={`${isDeleted ? "Undo: delete" : "Delete"} ${task.title}`}
        aria-busy={remove.isPending}
        onClick={toggleDeleted}
      >
        {isDeleted ? "Undo" : "Delete"}
      </button>
      {task.description && <p dir="auto">{task.description}</p>}
    </li>
  );
});

/** When a part of the page is removed that has the focus, give it to the next row, or the form. */
const passFocusOn = (part: HTMLElement | null) => () => {
  if (!part?.contains(document.activeElement)) return;
  const next = part.nextElementSibling ?? part.previousElementSibling;
  (next?.querySelector("input") ?? document.querySelector("input"))?.focus();
};

/** A dialog: it gives the focus to its first field, closes on Escape, and gives the focus back. */
function Editor({ task, onClose }: { task: Task; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  const [base, setBase] = useState(task); // the task that is edited, as the user has seen it
  const [typed, setTyped] = useState<TaskUpdate>({}); // nothing else is sent
  const { title = base.title, description = base.description } = typed;
  const add = useAdd();
  const save = query.useMutation({
    mutationFn: () => editTask(base, typed),
    onSuccess: close,
    onError: (error) => setBase(currentIn(error) ?? base),
  });
  const isDeleted = save.error instanceof ProblemError && save.error.response.status === 404;
  const isChanged = base !== task && !isDeleted;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isDeleted) add.mutate({ title, description, completed: base.completed, key: newKey() });
    if (isDeleted) close();
    else if (!save.isPending) save.mutate();
  };
  const alert = save.isPaused ? "You are offline." : save.error && reason(save.error);
  const closed = () => {
    if (isDeleted) document.querySelector("input")?.focus(); // the row with the button is gone
    onClose();
  };
  return (
    <dialog ref={dialog} aria-labelledby="editor" onClose={closed}>
      <article>
        <h2 id="editor">Edit task</h2>
        <form onSubmit={submit}>
          <label>
            Title
            <input
              {...TITLE}
              value={title}
              onChange={(event) => setTyped({ ...typed, title: event.target.value })}
            />
          </label>
          <label>
            Description
            <textarea
              dir="auto"
              rows={4}
              value={description ?? ""}
              onChange={(event) => setTyped({ ...typed, description: event.target.value || null })}
            />
          </label>
          <p role="alert">{alert && <mark>{alert}</mark>}</p>
          {isChanged && (
            <blockquote aria-label="Theirs">
              <p dir="auto">{base.title}</p>
              <p dir="auto">{base.description}</p>
            </blockquote>
          )}
          <button aria-busy={save.isPending}>
            {isDeleted ? "Add as a new task" : isChanged ? "Save mine" : "Save"}
          </button>
          <button type="button" onClick={close}>{isChanged ? "Keep theirs" : "Cancel"}</button>
        </form>
      </article>
    </dialog>
  );
}

createRoot(document.querySelector("main")!).render(
  <query.QueryClientProvider client={queryClient}>
    <Page />
  </query.QueryClientProvider>,
);
