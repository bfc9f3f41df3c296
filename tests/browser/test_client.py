"""The TypeScript client: as the document says, without `any`, true in Node and in a browser."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import FAILED_REQUEST, PageLog
from tests.support.client import OWNER
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import serve
from todo_project.environment import BASE_DIR

CLIENT = BASE_DIR / "clients" / "typescript"
FETCH = CLIENT / "node_modules" / "openapi-fetch" / "dist" / "index.mjs"
IMPORTS = '{"imports": {"openapi-fetch": "/openapi-fetch.js"}}'
FRONTEND = """async ([baseUrl, user_id]) => {
    const { allTasks, createTodoClient, editTask } = await import("/client.js");
    const client = createTodoClient({ baseUrl });
    const tasks = [];
    for await (const task of allTasks(client, user_id, { limit: 2 })) tasks.push(task);
    await editTask(client, tasks[0], () => ({ title: "Theirs" }));
    const ours = await editTask(client, tasks[0], ({ title }) => ({ title: `${title} and ours` }));
    return [...tasks, ours].map(({ title }) => title);
}"""


def run(script: str, *arguments: str) -> None:
    """Run a script of the client's package.json; fail with what it printed."""
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


def test_the_document_passes_a_strict_linter() -> None:
    run("lint")


def test_the_types_are_what_the_document_says() -> None:
    run("generate", "--check")  # else: `make client`


@pytest.fixture(scope="module")
def compiled() -> None:
    """Compile it under `strict`, and without any `any`."""
    run("build")


@pytest.mark.usefixtures("compiled")
def test_its_story_holds_of_the_live_service(address: str) -> None:
    run("story", address)


@pytest.mark.usefixtures("compiled", "transactional_db")
def test_it_pages_and_edits_in_a_browser_on_another_origin(
    tmp_path: Path, page: Page, page_log: PageLog, elsewhere: str
) -> None:
    for number in range(5):
        TaskFactory.create(title=f"Task {number}")
    page.route("**/client.js", lambda route: route.fulfill(path=CLIENT / "dist" / "client.js"))
    page.route(
        "**/openapi-fetch.js",
        lambda route: route.fulfill(path=FETCH, content_type="text/javascript"),
    )
    page.goto(elsewhere)
    page.add_script_tag(type="importmap", content=IMPORTS)
    with serve(tmp_path / "log", CORS_ALLOWED_ORIGINS=elsewhere) as service:
        assert page.evaluate(FRONTEND, [service, OWNER]) == [
            *("Task 4", "Task 3", "Task 2", "Task 1", "Task 0"),
            "Theirs and ours",
        ]
    assert page_log.pop_errors() == [FAILED_REQUEST.format("412 (Precondition Failed)")]


def test_the_readmes_show_lines_of_the_story() -> None:
    story = (CLIENT / "src" / "story.ts").read_text()
    for folder, number in ((BASE_DIR, 2), (CLIENT, 6)):
        readme = (folder / "README.md").read_text()
        examples = re.findall(r"```ts\n(.*?)```", readme, re.DOTALL)
        assert len(examples) == number
        assert [example for example in examples if example not in story] == []


def test_its_versions_are_exact_and_name_no_registry() -> None:
    lock = json.loads((CLIENT / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    package = json.loads((CLIENT / "package.json").read_text())
    for version in (package["dependencies"] | package["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
