"""Tests of the page in clients/page, served by Vite on another origin than the service."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.support.accessibility import overflowing, violations
from tests.support.browser import FAILED_REQUEST, PageLog, horizontal_overflow
from tests.support.client import API, OWNER, stored_rows, task_url
from tests.support.factories import TaskFactory
from tests.support.npm import PAGE, npm, vite_preview
from tests.support.servers.gunicorn import free_port, serve

pytestmark = pytest.mark.django_db(transaction=True)

Serve = Callable[..., AbstractContextManager[str]]

REFUSED = "Failed to load resource: net::ERR_CONNECTION_REFUSED"
UNAVAILABLE = FAILED_REQUEST.format("503 (Service Unavailable)")
NO_DATABASE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture(scope="module")
def port() -> int:
    """Return the port of the service, which the page knows."""
    return free_port()


@pytest.fixture(scope="module")
def origin(
    port: int, compiled_client: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Build the page, and serve it; return the origin."""
    build = tmp_path_factory.mktemp("page")
    options = ["--outDir", str(build), "--emptyOutDir"]
    npm(PAGE, "run", "build", "--", *options, VITE_API_URL=f"http://127.0.0.1:{port}")
    with vite_preview(PAGE, build) as origin:
        yield origin


@pytest.fixture
def serve_api(tmp_path: Path, port: int, origin: str) -> Serve:
    """Return a context manager that runs the service for the page."""
    return partial(serve, tmp_path / "log", PORT=str(port), CORS_ALLOWED_ORIGINS=origin)


@pytest.fixture
def api_runs(serve_api: Serve) -> Iterator[None]:
    """Run the service."""
    with serve_api():
        yield


def open_page(page: Page, origin: str) -> None:
    page.goto(f"{origin}/?user={OWNER}")


def titles(page: Page) -> list[str]:
    return page.locator("li label").all_inner_texts()


def status(page: Page) -> Locator:
    return page.get_by_role("status")


def add(page: Page, title: str) -> None:
    page.get_by_label("New task").fill(title)
    page.get_by_role("button", name="Add").click()


def edit(page: Page, title: str) -> None:
    """Open the form of the only task, and write a title."""
    page.get_by_text("Edit", exact=True).click()
    page.get_by_label("Title").fill(title)


def stored(field: str) -> list[Any]:
    return [row[field] for row in stored_rows()]


@pytest.mark.usefixtures("api_runs")
def test_page_lists_the_newest_tasks_and_loads_more(page: Page, origin: str) -> None:
    for number in range(25):
        TaskFactory.create(title=f"Task {number}")
    open_page(page, origin)
    expect(status(page)).to_have_text("Tasks shown: 20")
    assert titles(page) == [f"Task {number}" for number in range(24, 4, -1)]
    page.get_by_role("button", name="Load more").click()
    expect(status(page)).to_have_text("Tasks shown: 25")
    assert titles(page) == [f"Task {number}" for number in range(24, -1, -1)]
    expect(page.get_by_role("button", name="Load more")).to_have_count(0)


@pytest.mark.usefixtures("api_runs")
def test_added_tasks_are_shown_and_stored(page: Page, origin: str) -> None:
    open_page(page, origin)
    for number, title in enumerate(["Milk", "Bread"], 1):
        add(page, title)
        expect(status(page)).to_have_text(f"Tasks shown: {number}")
        expect(page.get_by_label("New task")).to_have_value("")
    assert titles(page) == ["Bread", "Milk"]
    assert sorted(stored("title")) == ["Bread", "Milk"]


@pytest.mark.usefixtures("api_runs")
def test_task_is_completed_and_reopened_by_keyboard(page: Page, origin: str) -> None:
    TaskFactory.create(title="Milk")
    open_page(page, origin)
    checkbox = page.get_by_role("checkbox", name="Milk")
    checkbox.focus()
    for completed in (True, False):
        with page.expect_response("**/tasks?*"):  # the list is fetched after the change
            page.keyboard.press("Space")
        expect(checkbox).to_be_checked(checked=completed)
        expect(checkbox).to_be_focused()
        assert stored("completed") == [completed]


@pytest.mark.usefixtures("api_runs")
def test_title_is_edited_by_keyboard(page: Page, origin: str) -> None:
    TaskFactory.create(title="Milk")
    open_page(page, origin)
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # opens the form
    page.keyboard.press("Tab")  # selects the title
    page.keyboard.type("Oat milk")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title")).to_be_hidden()
    assert (titles(page), stored("title")) == (["Oat milk"], ["Oat milk"])


@pytest.mark.usefixtures("api_runs")
@pytest.mark.parametrize(
    ("choice", "title"), [("Save mine", "Soy milk"), ("Keep theirs", "Oat milk")]
)
def test_user_chooses_the_title_after_a_conflict(
    page: Page, page_log: PageLog, origin: str, choice: str, title: str
) -> None:
    task = TaskFactory.create(title="Milk")
    open_page(page, origin)
    edit(page, "Soy milk")
    API().send(200, "PATCH", task_url(task), {"title": "Oat milk"})
    page.get_by_role("button", name="Save").click()
    expect(status(page)).to_have_text("Somebody has changed it to “Oat milk”.")
    expect(page.locator("li label")).to_have_text("Oat milk")
    expect(page.get_by_label("Title")).to_have_value("Soy milk")
    assert stored("title") == ["Oat milk"]
    page.get_by_text(choice).click()
    expect(status(page)).to_have_text("Tasks shown: 1")
    expect(page.get_by_label("Title")).to_be_hidden()
    assert (titles(page), stored("title")) == ([title], [title])
    assert page_log.pop_errors() == [FAILED_REQUEST.format("412 (Precondition Failed)")]


@pytest.mark.usefixtures("api_runs")
def test_deleted_task_disappears_when_it_is_changed(
    page: Page, page_log: PageLog, origin: str
) -> None:
    task = TaskFactory.create(title="Milk")
    open_page(page, origin)
    edit(page, "Soy milk")
    API().send(204, "DELETE", task_url(task))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("li")).to_have_count(0)
    assert stored_rows() == []
    assert page_log.pop_errors() == [FAILED_REQUEST.format("404 (Not Found)")]


@pytest.mark.usefixtures("api_runs")
def test_task_added_offline_is_created_when_the_page_is_online(page: Page, origin: str) -> None:
    open_page(page, origin)
    expect(status(page)).to_have_text("Tasks shown: 0")
    page.context.set_offline(True)
    expect(status(page)).to_have_text("You are offline.")
    add(page, "Milk")
    expect(page.get_by_role("button", name="Add")).to_have_attribute("aria-busy", "true")
    assert stored_rows() == []
    page.context.set_offline(False)
    expect(status(page)).to_have_text("Tasks shown: 1")
    assert (titles(page), stored("title")) == (["Milk"], ["Milk"])


def test_task_is_added_once_with_one_key_after_the_service_was_stopped(
    page: Page, page_log: PageLog, origin: str, serve_api: Serve
) -> None:
    keys: list[str | None] = []

    def record(request: Request) -> None:
        if request.method == "POST":
            keys.append(request.header_value("Idempotency-Key"))

    page.on("request", record)
    with serve_api():
        open_page(page, origin)
        expect(status(page)).to_have_text("Tasks shown: 0")
    add(page, "Milk")
    expect(status(page)).to_have_text("The service cannot be reached. Trying again …")
    expect(status(page)).to_have_text("The service cannot be reached.")
    expect(page.get_by_label("New task")).to_have_value("Milk")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    with serve_api():
        page.get_by_role("button", name="Add").click()
        expect(status(page)).to_have_text("Tasks shown: 1")
        assert (titles(page), stored("title")) == (["Milk"], ["Milk"])
    assert (len(keys), len(set(keys))) == (5, 1)
    assert set(page_log.pop_errors()) == {REFUSED}


@pytest.mark.usefixtures("api_runs")
def test_page_recovers_when_the_service_is_available_again(
    page: Page, page_log: PageLog, origin: str
) -> None:
    TaskFactory.create(title="Milk")
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
        "Retry-After": "2",
    }
    page.route("**/tasks?*", lambda route: route.fulfill(status=503, headers=headers), times=1)
    open_page(page, origin)
    expect(status(page)).to_have_text("The service is not available. Trying again …")
    expect(status(page)).to_have_text("Tasks shown: 1")
    assert titles(page) == ["Milk"]
    assert page_log.pop_errors() == [UNAVAILABLE]


def test_user_tries_again_after_the_last_attempt(
    page: Page, page_log: PageLog, origin: str, serve_api: Serve
) -> None:
    TaskFactory.create(title="Milk")
    with serve_api(DATABASE_URL=NO_DATABASE):
        open_page(page, origin)
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        expect(status(page)).to_have_text("The service is not available.")
        assert page_log.pop_errors() == [UNAVAILABLE] * 4
    with serve_api():
        page.get_by_role("button", name="Try again").click()
        expect(status(page)).to_have_text("Tasks shown: 1")
        assert titles(page) == ["Milk"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_with_long_words_fits_the_window_and_is_accessible(
    page: Page,
    page_log: PageLog,
    origin: str,
    serve_api: Serve,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    task = TaskFactory.create(title="W" * 200)
    for number in range(20):
        TaskFactory.create(title=f"Completed {number}", completed=True)
    TaskFactory.create(title="Milk")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    with serve_api():
        open_page(page, origin)
        page.get_by_role("button", name="Load more").click()
        expect(status(page)).to_have_text("Tasks shown: 22")
        assert_fits_and_is_accessible(page)
        item = page.locator("li").last
        item.locator("summary").click()
        API().send(200, "PATCH", task_url(task), {"title": "M" * 200})
        item.get_by_role("button", name="Save").click()
        expect(item.locator("summary")).to_have_text("Keep theirs")
        expect(item.locator("label").first).to_have_text("M" * 200)
        assert_fits_and_is_accessible(page)
    page.get_by_role("button", name="Save mine").click()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert_fits_and_is_accessible(page)
    page_log.pop_errors()


def assert_fits_and_is_accessible(page: Page) -> None:
    assert (horizontal_overflow(page), overflowing(page, "body :not(input)")) == (0, [])
    assert violations(page) == []
