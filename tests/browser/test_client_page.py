"""Tests of the page in clients/page, served by Vite on another origin than the service."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tasks.models import Task
from tests.support.accessibility import overflowing, violations
from tests.support.browser import FAILED_REQUEST, PageLog, horizontal_overflow
from tests.support.client import API, OWNER, TASKS, stored_rows, task_url
from tests.support.factories import TaskFactory
from tests.support.npm import PAGE, npm, vite_preview
from tests.support.servers.gunicorn import free_port, serve

pytestmark = pytest.mark.django_db(transaction=True)

Serve = Callable[..., AbstractContextManager[str]]

START, SECOND = datetime(2026, 2, 6, tzinfo=UTC), timedelta(seconds=1)
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


def rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Tasks", exact=True).get_by_role("listitem")


def titles(page: Page) -> list[str]:
    return rows(page).locator("label").all_text_contents()


def status(page: Page) -> Locator:
    return page.get_by_role("status")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def add(page: Page, title: str) -> None:
    page.get_by_label("New task").fill(title)
    page.keyboard.press("Enter")


def scroll_to_end(page: Page) -> None:
    rows(page).last.evaluate("(row) => row.scrollIntoView()")


def edit(page: Page, old: str, new: str) -> None:
    """Open the form of a task, and write a title."""
    button(page, f"Edit {old}").click()
    page.get_by_label("Title").fill(new)


def stored(field: str) -> list[Any]:
    return [row[field] for row in stored_rows()]


def api_requests(page: Page) -> list[str]:
    """Return the methods of the requests to the API from now on."""
    requests: list[str] = []
    page.on(
        "request",
        lambda each: (
            requests.append(each.method)
            if TASKS in each.url and each.method != "OPTIONS"
            else None
        ),
    )
    return requests


def hold(page: Page, url: str) -> Callable[[], None]:
    """Hold the requests for the URL; return a function that sends them, and later ones."""
    held: list[Route] = []
    released = False

    def handle(route: Route) -> None:
        if released:
            route.continue_()
        else:
            held.append(route)

    def release() -> None:
        nonlocal released
        released = True
        for route in held:
            route.continue_()

    page.route(url, handle)
    return release


def create_tasks(count: int) -> None:
    """Create tasks with the titles Task 0, Task 1, …, oldest first."""
    Task.objects.bulk_create(
        Task(user_id=OWNER, title=f"Task {number}", created_at=START + number * SECOND)
        for number in range(count)
    )


@pytest.mark.usefixtures("api_runs")
def test_page_lists_the_newest_tasks_and_loads_more_at_the_end(page: Page, origin: str) -> None:
    create_tasks(1200)
    open_page(page, origin)
    for shown in (500, 1000, 1200):
        expect(status(page)).to_have_text(f"Tasks shown: {shown}")
        assert titles(page) == [f"Task {number}" for number in range(1199, 1199 - shown, -1)]
        scroll_to_end(page)
    expect(button(page, "Load more")).to_have_count(0)


@pytest.mark.usefixtures("api_runs")
def test_change_takes_one_request_whatever_number_of_pages_is_loaded(
    page: Page, origin: str
) -> None:
    create_tasks(1200)
    page.clock.install()
    open_page(page, origin)
    for shown in (500, 1000, 1200):
        expect(status(page)).to_have_text(f"Tasks shown: {shown}")
        scroll_to_end(page)
    requests = api_requests(page)
    page.get_by_role("checkbox", name="Task 0").check()
    expect(page.get_by_role("checkbox", name="Task 1", exact=True)).not_to_be_checked()
    edit(page, "Task 1", "Edited")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    add(page, "Added")
    expect(status(page)).to_have_text("Tasks shown: 1201")
    button(page, "Delete Task 2").click()
    page.clock.fast_forward(10_000)
    expect(status(page)).to_have_text("Tasks shown: 1200")
    others = [f"Task {number}" for number in range(1199, 2, -1)]
    assert titles(page) == ["Added", *others, "Edited", "Task 0"]
    assert requests == ["PATCH", "PATCH", "POST", "DELETE"]
    assert {row["title"] for row in stored_rows() if row["completed"]} == {"Task 0"}


@pytest.mark.usefixtures("api_runs")
def test_added_tasks_are_shown_at_once_and_created_in_their_order(page: Page, origin: str) -> None:
    open_page(page, origin)
    expect(status(page)).to_have_text("Tasks shown: 0")
    release = hold(page, "**/tasks")
    add(page, "Milk")
    expect(page.get_by_label("New task")).to_have_value("")
    page.keyboard.press("Enter")  # adds nothing
    add(page, "Bread")
    unsaved = page.get_by_role("list", name="Unsaved tasks").get_by_role("listitem")
    expect(unsaved).to_have_text(["Bread", "Milk"])
    assert stored_rows() == []
    release()
    expect(status(page)).to_have_text("Tasks shown: 2")
    expect(unsaved).to_have_count(0)
    assert titles(page) == ["Bread", "Milk"]
    tasks = Task.objects.order_by("created_at")
    assert [task.title for task in tasks] == ["Milk", "Bread"]


@pytest.mark.usefixtures("api_runs")
def test_task_that_is_rejected_is_kept_until_it_is_corrected_or_discarded(
    page: Page, page_log: PageLog, origin: str
) -> None:
    open_page(page, origin)
    for title in ("W" * 201, "M" * 201):
        add(page, title)
    unsaved = page.get_by_role("list", name="Unsaved tasks").get_by_role("listitem")
    expect(unsaved).to_have_count(2)
    expect(unsaved.first.get_by_role("alert")).to_have_text(
        "title: Ensure this field has no more than 200 characters."
    )
    button(page, f"Discard {'M' * 201}").click()
    expect(page.get_by_label("New task")).to_be_focused()
    expect(page.get_by_label("Task not added")).to_have_value("W" * 201)
    page.get_by_label("Task not added").fill("Milk")
    button(page, f"Add again {'W' * 201}").click()
    expect(status(page)).to_have_text("Tasks shown: 1")
    expect(unsaved).to_have_count(0)
    assert (titles(page), stored("title")) == (["Milk"], ["Milk"])
    assert page_log.pop_errors() == [FAILED_REQUEST.format("400 (Bad Request)")] * 2


@pytest.mark.usefixtures("api_runs")
def test_tasks_are_searched_and_filtered(page: Page, origin: str) -> None:
    TaskFactory.create(title="Oat milk")
    TaskFactory.create(title="Bread", description="not MILK", completed=True)
    TaskFactory.create(title="Butter")
    open_page(page, origin)
    expect(status(page)).to_have_text("Tasks shown: 3")
    requests = api_requests(page)
    page.get_by_label("Search").press_sequentially("milk")
    expect(status(page)).to_have_text("Tasks shown: 2")
    assert (titles(page), requests) == (["Bread", "Oat milk"], ["GET"])
    for shown, title in (("Completed", "Bread"), ("Open", "Oat milk")):
        page.get_by_label("Show").select_option(shown)
        expect(rows(page).locator("label")).to_have_text([title])
    page.get_by_role("checkbox", name="Oat milk").check()  # and it stays where it is
    add(page, "Jam")
    expect(status(page)).to_have_text("Tasks shown: 2")
    assert titles(page) == ["Jam", "Oat milk"]
    page.get_by_label("Search").fill("water")
    expect(status(page)).to_have_text("Tasks shown: 0")
    page.get_by_label("Search").fill("")
    page.get_by_label("Show").select_option("All")
    expect(status(page)).to_have_text("Tasks shown: 4")


@pytest.mark.usefixtures("api_runs")
def test_page_says_that_it_is_loading_and_keeps_what_is_shown(page: Page, origin: str) -> None:
    TaskFactory.create(title="Milk")
    release = hold(page, "**/tasks?*")
    open_page(page, origin)
    expect(status(page)).to_have_text("Loading …")
    release()
    expect(status(page)).to_have_text("Tasks shown: 1")
    release = hold(page, "**/tasks?*")
    page.get_by_label("Show").select_option("Completed")
    expect(status(page)).to_have_text("Loading …")
    assert titles(page) == ["Milk"]
    release()
    expect(status(page)).to_have_text("Tasks shown: 0")


@pytest.mark.usefixtures("api_runs")
def test_change_that_overtakes_the_list_stays(page: Page, origin: str) -> None:
    """A list that was read before the change arrives after it."""
    TaskFactory.create(title="Milk")
    open_page(page, origin)
    expect(status(page)).to_have_text("Tasks shown: 1")
    held: list[Route] = []

    def hold(route: Route) -> None:
        route.fetch()
        held.append(route)

    page.route("**/tasks?*", hold, times=1)
    with page.expect_request("**/tasks?*"):
        page.evaluate("dispatchEvent(new Event('visibilitychange'))")  # fetches the list
    with page.expect_response("**/tasks?*"):  # the list is fetched again after the change
        page.get_by_role("checkbox", name="Milk").check()
    expect(page.get_by_role("checkbox", name="Milk")).to_be_checked()
    assert len(held) == 1


@pytest.mark.usefixtures("api_runs")
def test_task_is_completed_and_reopened_by_keyboard(page: Page, origin: str) -> None:
    TaskFactory.create(title="Milk")
    open_page(page, origin)
    checkbox = page.get_by_role("checkbox", name="Milk")
    checkbox.focus()
    for completed in (True, False):
        with page.expect_response("**/complete"):
            page.keyboard.press("Space")
        expect(checkbox).to_be_checked(checked=completed)
        expect(checkbox).to_be_focused()
        assert stored("completed") == [completed]


@pytest.mark.usefixtures("api_runs")
def test_task_is_edited_by_keyboard(page: Page, origin: str) -> None:
    TaskFactory.create(title="Milk")
    open_page(page, origin)
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Tab")
    expect(button(page, "Edit Milk")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Oat milk")
    page.keyboard.press("Tab")
    page.keyboard.type("Two bottles,\nthe blue ones")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button(page, "Edit Oat milk")).to_be_focused()
    expect(rows(page).get_by_role("paragraph")).to_have_text("Two bottles,\nthe blue ones")
    [row] = stored_rows()
    assert (row["title"], row["description"]) == ("Oat milk", "Two bottles,\nthe blue ones")
    button(page, "Edit Oat milk").press("Enter")
    page.get_by_label("Description").fill("")
    button(page, "Save").click()
    expect(rows(page).get_by_role("paragraph")).to_have_count(0)
    assert stored("description") == [None]


@pytest.mark.usefixtures("api_runs")
def test_escape_closes_the_form_and_saves_nothing(page: Page, origin: str) -> None:
    TaskFactory.create(title="Milk")
    open_page(page, origin)
    edit(page, "Milk", "Oat milk")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button(page, "Edit Milk")).to_be_focused()
    assert (titles(page), stored("title")) == (["Milk"], ["Milk"])


@pytest.mark.usefixtures("api_runs")
def test_field_that_is_not_edited_stays_as_it_is(page: Page, origin: str) -> None:
    """A browser changes the line ends of a title and of a description."""
    TaskFactory.create(title="a\nb", description="c\r\nd")
    open_page(page, origin)
    for label in ("Description", "Title"):
        rows(page).get_by_role("button", name="Edit").click()
        page.get_by_label(label).fill("Edited")
        button(page, "Save").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        [row] = stored_rows()
        expected = {"Description": ("a\nb", "Edited"), "Title": ("Edited", "Edited")}
        assert (row["title"], row["description"]) == expected[label]


@pytest.mark.usefixtures("api_runs")
@pytest.mark.parametrize(
    ("choice", "title", "description"),
    [("Save mine", "Soy milk", "Theirs"), ("Keep theirs", "Oat milk", "Theirs")],
)
def test_user_chooses_after_a_conflict(
    page: Page, page_log: PageLog, origin: str, choice: str, title: str, description: str
) -> None:
    task = TaskFactory.create(title="Milk")
    open_page(page, origin)
    edit(page, "Milk", "Soy milk")
    API().send(200, "PATCH", task_url(task), {"title": "Oat milk", "description": "Theirs"})
    button(page, "Save").click()
    expect(page.get_by_role("alert")).to_have_text("Somebody has changed the task.")
    expect(page.get_by_label("Theirs").get_by_role("paragraph")).to_have_text(
        ["Oat milk", "Theirs"]
    )
    expect(page.get_by_label("Title")).to_have_value("Soy milk")
    assert stored("title") == ["Oat milk"]
    button(page, choice).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button(page, f"Edit {title}")).to_be_focused()
    expect(rows(page).get_by_role("paragraph")).to_have_text(description)
    assert (titles(page), stored("title")) == ([title], [title])
    assert stored("description") == [description]
    assert page_log.pop_errors() == [FAILED_REQUEST.format("412 (Precondition Failed)")]


@pytest.mark.usefixtures("api_runs")
def test_edit_of_a_deleted_task_is_kept_and_can_be_added(
    page: Page, page_log: PageLog, origin: str
) -> None:
    task = TaskFactory.create(title="Milk", description="Two bottles", completed=True)
    open_page(page, origin)
    edit(page, "Milk", "Soy milk")
    API().send(204, "DELETE", task_url(task))
    button(page, "Save").click()
    expect(page.get_by_role("alert")).to_have_text("Somebody has deleted the task.")
    expect(rows(page)).to_have_count(0)
    expect(page.get_by_label("Title")).to_have_value("Soy milk")
    assert stored_rows() == []
    button(page, "Add as a new task").click()
    expect(status(page)).to_have_text("Tasks shown: 1")
    expect(page.get_by_label("New task")).to_be_focused()
    assert (titles(page), stored("title")) == (["Soy milk"], ["Soy milk"])
    assert (stored("description"), stored("completed")) == (["Two bottles"], [True])
    assert page_log.pop_errors() == [FAILED_REQUEST.format("404 (Not Found)")]


@pytest.mark.usefixtures("api_runs")
def test_task_that_somebody_has_deleted_disappears_when_it_is_completed(
    page: Page, page_log: PageLog, origin: str
) -> None:
    task = TaskFactory.create(title="Milk")
    open_page(page, origin)
    expect(rows(page)).to_have_count(1)
    API().send(204, "DELETE", task_url(task))
    page.get_by_role("checkbox", name="Milk").check()
    expect(status(page)).to_have_text("Somebody has deleted the task.")
    expect(rows(page)).to_have_count(0)
    assert stored_rows() == []
    assert page_log.pop_errors() == [FAILED_REQUEST.format("404 (Not Found)")]


@pytest.mark.usefixtures("api_runs")
def test_task_is_deleted_after_the_time_to_undo_it(page: Page, origin: str) -> None:
    for title in ("Bread", "Milk"):
        TaskFactory.create(title=title)
    page.clock.install()
    open_page(page, origin)
    expect(status(page)).to_have_text("Tasks shown: 2")
    requests = api_requests(page)
    button(page, "Delete Milk").press("Enter")
    expect(button(page, "Undo: delete Milk")).to_be_focused()
    page.keyboard.press("Enter")
    expect(button(page, "Delete Milk")).to_be_focused()
    page.clock.fast_forward(20_000)
    assert requests == []
    page.keyboard.press("Enter")
    page.clock.fast_forward(10_000)
    expect(status(page)).to_have_text("Tasks shown: 1")
    expect(page.get_by_role("checkbox", name="Bread")).to_be_focused()
    assert (titles(page), stored("title"), requests) == (["Bread"], ["Bread"], ["DELETE"])
    button(page, "Delete Bread").press("Enter")
    page.clock.fast_forward(10_000)
    expect(status(page)).to_have_text("Tasks shown: 0")
    expect(page.get_by_label("New task")).to_be_focused()
    assert stored_rows() == []


@pytest.mark.usefixtures("api_runs")
def test_task_that_somebody_else_has_deleted_is_deleted(
    page: Page, page_log: PageLog, origin: str
) -> None:
    task = TaskFactory.create(title="Milk")
    page.clock.install()
    open_page(page, origin)
    button(page, "Delete Milk").click()
    API().send(204, "DELETE", task_url(task))
    page.clock.fast_forward(10_000)
    expect(status(page)).to_have_text("Tasks shown: 0")
    assert page_log.pop_errors() == [FAILED_REQUEST.format("404 (Not Found)")]


@pytest.mark.usefixtures("api_runs")
def test_task_stays_if_the_page_is_closed_before_it_is_deleted(page: Page, origin: str) -> None:
    TaskFactory.create(title="Milk")
    open_page(page, origin)
    button(page, "Delete Milk").click()
    expect(button(page, "Undo: delete Milk")).to_be_visible()
    page.reload()
    expect(button(page, "Delete Milk")).to_be_visible()
    assert stored("title") == ["Milk"]


@pytest.mark.usefixtures("api_runs")
def test_task_is_deleted_although_another_search_hides_it(page: Page, origin: str) -> None:
    TaskFactory.create(title="Milk")
    page.clock.install()
    open_page(page, origin)
    button(page, "Delete Milk").click()
    page.get_by_label("Show").select_option("Completed")
    expect(status(page)).to_have_text("Tasks shown: 0")
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        page.clock.fast_forward(10_000)
    assert stored_rows() == []


@pytest.mark.usefixtures("api_runs")
def test_task_that_somebody_has_changed_is_not_deleted(
    page: Page, page_log: PageLog, origin: str
) -> None:
    task = TaskFactory.create(title="Milk")
    page.clock.install()
    open_page(page, origin)
    button(page, "Delete Milk").click()
    API().send(200, "PATCH", task_url(task), {"title": "Oat milk"})
    page.clock.fast_forward(10_000)
    expect(status(page)).to_have_text("Somebody has changed the task.")
    expect(button(page, "Delete Oat milk")).to_be_visible()
    assert (titles(page), stored("title")) == (["Oat milk"], ["Oat milk"])
    assert page_log.pop_errors() == [FAILED_REQUEST.format("412 (Precondition Failed)")]


@pytest.mark.usefixtures("api_runs")
def test_text_in_other_scripts_has_its_own_direction(page: Page, origin: str) -> None:
    """Hebrew begins at the right, and does not reorder what stands around it."""
    TaskFactory.create(title="שלום, עולם (2)!", description="חלב 3%")
    open_page(page, origin)
    for text in ("שלום, עולם (2)!", "חלב 3%"):
        expect(page.get_by_text(text, exact=True)).to_have_css("direction", "rtl")
    expect(rows(page)).to_have_css("direction", "ltr")
    rows(page).get_by_role("button", name="Edit").click()
    for label in ("Title", "Description"):
        expect(page.get_by_label(label)).to_have_css("direction", "rtl")
    page.keyboard.press("Escape")
    for label in ("Search", "New task"):
        page.get_by_label(label, exact=True).fill("חלב")
        expect(page.get_by_label(label, exact=True)).to_have_css("direction", "rtl")


@pytest.mark.usefixtures("api_runs")
def test_task_added_offline_is_created_when_the_page_is_online(page: Page, origin: str) -> None:
    open_page(page, origin)
    expect(status(page)).to_have_text("Tasks shown: 0")
    page.context.set_offline(True)
    expect(status(page)).to_have_text("You are offline.")
    add(page, "Milk")
    unsaved = page.get_by_role("list", name="Unsaved tasks").get_by_role("listitem")
    expect(unsaved).to_have_text("Milk")
    expect(unsaved.get_by_text("Milk")).to_have_attribute("aria-busy", "true")
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
    expect(page.get_by_role("alert")).to_have_text("The service cannot be reached.")
    expect(page.get_by_label("Task not added")).to_have_value("Milk")
    with serve_api():
        button(page, "Add again Milk").click()
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
    create_tasks(501)
    with serve_api(DATABASE_URL=NO_DATABASE):
        open_page(page, origin)
        expect(button(page, "Try again")).to_be_visible()
        expect(status(page)).to_have_text("The service is not available.")
        assert page_log.pop_errors() == [UNAVAILABLE] * 4
    with serve_api():
        button(page, "Try again").click()
        expect(status(page)).to_have_text("Tasks shown: 500")
    scroll_to_end(page)
    expect(button(page, "Try again")).to_be_visible()
    expect(status(page)).to_have_text("The service cannot be reached.")
    with serve_api():
        button(page, "Try again").click()
        expect(status(page)).to_have_text("Tasks shown: 501")
    assert set(page_log.pop_errors()) == {REFUSED}


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
    task = TaskFactory.create(title="W" * 200, description="D" * 1000)
    TaskFactory.create(title="Completed " * 20, completed=True)
    TaskFactory.create(title="שלום, עולם (2)!")
    TaskFactory.create(title="Deleted")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    with serve_api():
        open_page(page, origin)
        add(page, "N" * 201)
        expect(page.get_by_label("Task not added")).to_be_visible()
        button(page, "Delete Deleted").click()
        assert_fits_and_is_accessible(page)
        edit(page, "W" * 200, "T" * 200)
        assert_fits_and_is_accessible(page)
        API().send(200, "PATCH", task_url(task), {"title": "M" * 200})
        button(page, "Save").click()
        expect(button(page, "Keep theirs")).to_be_visible()
        assert_fits_and_is_accessible(page)
    button(page, "Save mine").click()
    expect(page.get_by_role("alert").last).to_have_text("The service cannot be reached.")
    button(page, "Keep theirs").click()
    page.get_by_label("Show").select_option("Open")
    expect(button(page, "Try again")).to_be_visible()
    assert_fits_and_is_accessible(page)
    page_log.pop_errors()


def assert_fits_and_is_accessible(page: Page) -> None:
    assert (horizontal_overflow(page), overflowing(page, "body :not(input)")) == (0, [])
    assert violations(page) == []
