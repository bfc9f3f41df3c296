"""Tests of the TypeScript client as a package: packed, and installed in a new Vite project."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import FAILED_REQUEST, PageLog
from tests.support.client import OWNER
from tests.support.factories import TaskFactory
from tests.support.npm import CLIENT, PAGE, npm, vite_preview
from tests.support.servers.gunicorn import serve

FILES = [
    "README.md",
    *(f"dist/{name}.{kind}" for name in ("client", "retry", "schema") for kind in ("d.ts", "js")),
    "package.json",
]
TSC = [
    *("tsc", "--noEmit", "--strict", "--exactOptionalPropertyTypes"),
    *("--target", "es2022", "--lib", "es2022,dom"),
]
HTML = """<!doctype html>
<title>New</title>
<link rel="icon" href="data:,">
<script type="module" src="/src/main.ts"></script>
"""
SCRIPT = """
import { allTasks, createTodoClient, editTask, ProblemError, withRetry } from "todo-client";
import type { Task, TodoClient } from "todo-client";

const parameters = new URLSearchParams(location.search);
const baseUrl: string = parameters.get("api") ?? "";
const client: TodoClient = createTodoClient({ baseUrl, fetch: withRetry({ maxAttempts: 2 }) });

async function run(user: string): Promise<string[]> {
  const tasks: Task[] = [];
  for await (const task of allTasks(client, user, { limit: 2 })) tasks.push(task);
  const [newest] = tasks;
  if (!newest) return [];
  await editTask(client, newest, () => ({ title: "Edited" }));
  tasks.push(await editTask(client, newest, ({ title }) => ({ title: `${title} twice` })));
  return tasks.map(({ title }) => title);
}

function explain(error: unknown): string[] {
  if (!(error instanceof ProblemError)) return [String(error)];
  const { problem } = error;
  if (problem.type === "/problems/precondition-failed") return [problem.current?.title ?? ""];
  return [problem.detail];
}

run(parameters.get("user") ?? "")
  .catch(explain)
  .then((lines) => (document.body.textContent = lines.join(", ")));
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a Vite project, and install the packed client in it."""
    directory = tmp_path_factory.mktemp("project")
    [packed] = json.loads(npm(CLIENT, "pack", "--json", "--pack-destination", str(directory)))
    assert sorted(file["path"] for file in packed["files"]) == FILES
    versions = json.loads((PAGE / "package.json").read_text())["devDependencies"]
    (directory / "package.json").write_text('{"private": true, "type": "module"}')
    (directory / "index.html").write_text(HTML)
    (directory / "src").mkdir()
    (directory / "src" / "main.ts").write_text(SCRIPT)
    packages = [
        f"./{packed['filename']}",
        *(f"{it}@{versions[it]}" for it in ("typescript", "vite")),
    ]
    npm(directory, "install", "--ignore-scripts", "--prefer-offline", *packages)
    return directory


@pytest.mark.parametrize(
    ("module", "resolution"),
    [("esnext", "bundler"), ("node16", "node16"), ("nodenext", "nodenext")],
    ids=["bundler", "node16", "nodenext"],
)
def test_package_has_types(project: Path, module: str, resolution: str) -> None:
    options = ["--module", module, "--moduleResolution", resolution]
    npm(project, "exec", "--", *TSC, *options, "src/main.ts")


@pytest.fixture(scope="module")
def origin(project: Path) -> Iterator[str]:
    """Build the project, and serve it."""
    npm(project, "exec", "--", "vite", "build")
    with vite_preview(project, project / "dist") as origin:
        yield origin


@pytest.mark.usefixtures("transactional_db")
def test_page_of_the_project_lists_and_edits(
    tmp_path: Path, page: Page, page_log: PageLog, origin: str
) -> None:
    for number in range(5):
        TaskFactory.create(title=f"Task {number}")
    with serve(tmp_path / "log", CORS_ALLOWED_ORIGINS=origin) as base_url:
        page.goto(f"{origin}/?{urlencode({'api': base_url, 'user': OWNER})}")
        expect(page.locator("body")).to_have_text(
            "Task 4, Task 3, Task 2, Task 1, Task 0, Edited twice"
        )
    assert page_log.pop_errors() == [FAILED_REQUEST.format("412 (Precondition Failed)")]
