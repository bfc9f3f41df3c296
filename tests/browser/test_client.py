"""Tests of the TypeScript client: types, the examples in Node, and requests from a browser."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import FAILED_REQUEST, PageLog
from tests.support.client import OWNER
from tests.support.documentation import code_blocks
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import serve
from todo_project.environment import BASE_DIR

CLIENT = BASE_DIR / "clients" / "typescript"
OPENAPI_FETCH = CLIENT / "node_modules" / "openapi-fetch" / "dist" / "index.mjs"
IMPORT_MAP = '{"imports": {"openapi-fetch": "/openapi-fetch.js"}}'
SCRIPT = """async ([baseUrl, user_id]) => {
    const { allTasks, createTodoClient, editTask } = await import("/client.js");
    const client = createTodoClient({ baseUrl });
    const tasks = [];
    for await (const task of allTasks(client, user_id, { limit: 2 })) tasks.push(task);
    await editTask(client, tasks[0], () => ({ title: "Edited" }));
    const edited = await editTask(client, tasks[0], ({ title }) => ({ title: `${title} twice` }));
    return [...tasks, edited].map(({ title }) => title);
}"""


def npm_run(script: str, *arguments: str) -> None:
    """Run a script of the client's package.json; if it fails, fail with its output."""
    finished = subprocess.run(
        ["npm", "run", "--silent", script, "--", *arguments],
        cwd=CLIENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if finished.returncode:
        pytest.fail(f"npm run {script}:\n{finished.stdout}{finished.stderr}", pytrace=False)


def test_document_passes_the_linter() -> None:
    npm_run("lint")


def test_generated_types_are_current() -> None:
    npm_run("generate", "--check")  # `make client` regenerates them


@pytest.fixture(scope="module")
def compiled() -> None:
    """Compile the client in strict mode, and check that no type is `any`."""
    npm_run("build")


@pytest.mark.usefixtures("compiled")
def test_examples_pass_against_a_live_service(base_url: str) -> None:
    npm_run("example", base_url)


@pytest.mark.usefixtures("compiled", "transactional_db")
def test_client_lists_and_edits_in_a_browser_on_another_origin(
    tmp_path: Path, page: Page, page_log: PageLog, other_origin: str
) -> None:
    for number in range(5):
        TaskFactory.create(title=f"Task {number}")
    page.route("**/client.js", lambda route: route.fulfill(path=CLIENT / "dist" / "client.js"))
    page.route(
        "**/openapi-fetch.js",
        lambda route: route.fulfill(path=OPENAPI_FETCH, content_type="text/javascript"),
    )
    page.goto(other_origin)
    page.add_script_tag(type="importmap", content=IMPORT_MAP)
    with serve(tmp_path / "log", CORS_ALLOWED_ORIGINS=other_origin) as base_url:
        assert page.evaluate(SCRIPT, [base_url, OWNER]) == [
            *("Task 4", "Task 3", "Task 2", "Task 1", "Task 0"),
            "Edited twice",
        ]
    assert page_log.pop_errors() == [FAILED_REQUEST.format("412 (Precondition Failed)")]


@pytest.mark.parametrize(
    ("document", "count"),
    [(BASE_DIR / "docs" / "clients.md", 2), (CLIENT / "README.md", 6)],
    ids=["clients", "README"],
)
def test_documented_snippets_are_in_the_example(document: Path, count: int) -> None:
    example = (CLIENT / "src" / "example.ts").read_text()
    snippets = code_blocks(document, "ts")
    assert len(snippets) == count
    assert [snippet for snippet in snippets if snippet not in example] == []


def test_dependencies_have_exact_versions_and_name_no_registry() -> None:
    lock = json.loads((CLIENT / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    package = json.loads((CLIENT / "package.json").read_text())
    for version in (package["dependencies"] | package["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
