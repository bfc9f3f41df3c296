"""Tests of Swagger UI on the page `/docs` in a browser."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.accessibility import violations
from tests.support.browser import horizontal_overflow
from tests.support.servers.gunicorn import serve


def open_operation(page: Page, operation_id: str) -> Locator:
    """Expand an operation and click "Try it out"."""
    operation = page.locator(f"#operations-tasks-{operation_id}")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    return operation


def execute(operation: Locator, status: int) -> Any:
    """Send the request; return the body of the response that Swagger UI displays."""
    operation.get_by_role("button", name="Execute").click()
    response = operation.locator(".live-responses-table .response")
    expect(response.locator(".response-col_status")).to_have_text(re.compile(f"^{status}"))
    return json.loads(response.locator(".response-col_description code").first.inner_text())


def test_swagger_ui_creates_lists_completes_and_deletes_a_task(base_url: str, page: Page) -> None:
    page.goto(f"{base_url}/docs")
    task = execute(open_operation(page, "createTask"), 201)
    assert (task["user_id"], task["title"], task["completed"]) == ("user123", "Buy milk", False)

    assert execute(open_operation(page, "listTasks"), 200) == [task]

    complete = open_operation(page, "completeTask")
    complete.get_by_placeholder("task_id").fill(task["id"])
    completed = execute(complete, 200)
    assert completed.pop("updated_at") > task.pop("updated_at")
    assert completed == task | {"completed": True}

    delete = open_operation(page, "deleteTasks")
    parameter = delete.locator(".parameters tr", has_text="completed")
    parameter.get_by_role("combobox").select_option("true")
    assert execute(delete, 200) == {"deleted": 1}


@pytest.fixture
def docs(base_url: str, page: Page) -> Page:
    """Open `/docs` and wait until Swagger UI displays the operations."""
    page.goto(f"{base_url}/docs")
    page.locator("#operations-tasks-createTask").wait_for()
    return page


def open_all_operations(page: Page) -> None:
    """Expand each operation and each of its failures, and click "Try it out" in it."""
    operations = page.locator(".opblock:visible").count()
    for button in (".opblock-summary-control:visible", ".try-out__btn:visible"):
        buttons = page.locator(button)
        expect(buttons).to_have_count(operations)
        buttons.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")
    expect(page.get_by_role("button", name="Execute")).to_have_count(operations)
    page.locator("summary").evaluate_all("(all) => all.forEach((each) => each.click())")


def test_page_fits_the_window_with_all_operations_open(docs: Page) -> None:
    open_all_operations(docs)
    for width in (320, 390, 1280):
        docs.set_viewport_size({"width": width, "height": 800})
        assert horizontal_overflow(docs) == 0


TOO_NARROW = """(selects) => selects.filter((select) => {
    const copy = select.cloneNode(true);
    Object.assign(copy.style, {position: "absolute", minWidth: 0, width: "max-content"});
    select.after(copy);
    const width = Math.min(copy.offsetWidth, select.closest("section").clientWidth);
    copy.remove();
    return select.offsetWidth < width;
}).map((select) => select.value)"""


def test_narrow_page_gives_media_types_and_examples_the_whole_width(docs: Page) -> None:
    docs.set_viewport_size({"width": 390, "height": 800})
    open_all_operations(docs)
    selects = docs.locator(".response-controls select")
    expect(selects.first).to_be_visible()
    assert selects.evaluate_all(TOO_NARROW) == []


def test_failures_are_folded_and_those_of_every_operation_are_in_the_introduction(
    docs: Page,
) -> None:
    for operation, failures in (
        ("tasks-updateTask", ["400", "403", "404", "412", "413", "415"]),
        ("health-checkReadiness", ["400", "500", "503"]),
    ):
        docs.locator(f"#operations-{operation} .opblock-summary-control").click()
        shown = docs.locator(f"#operations-{operation} .failure")
        expect(shown.locator("summary b")).to_have_text(failures)
        expect(shown.locator(".response:visible")).to_have_count(0)
    for status in ("406", "500", "503"):
        expect(docs.locator(".info code", has_text=status)).to_be_visible()


def test_keyboard_unfolds_a_failure_with_code_in_its_description(docs: Page) -> None:
    docs.locator("#operations-tasks-updateTask .opblock-summary-control").click()
    failure = docs.locator("#operations-tasks-updateTask .failure", has_text="412")
    expect(failure.locator("summary code")).to_have_text(["If-Match", "If-None-Match"])
    failure.locator("summary").press("Enter")
    expect(failure.locator(".response")).to_contain_text('"type": "/problems/precondition-failed"')
    expect(failure.locator("p:visible", has_text="The task does not meet")).to_have_count(1)


def test_head_is_shown_in_the_text_of_get_only(docs: Page) -> None:
    methods = docs.locator(".opblock-summary-method:visible").all_inner_texts()
    assert "HEAD" not in methods
    for operation in ("tasks-listTasks", "health-checkLiveness"):
        docs.locator(f"#operations-{operation} .opblock-summary-control").click()
        description = docs.locator(f"#operations-{operation} .opblock-description")
        expect(description).to_contain_text("HEAD returns the same without the body.")


@pytest.mark.parametrize(("width", "height"), [(1280, 2000), (390, 3000)])
def test_operation_is_no_higher_than_a_few_windows(docs: Page, width: int, height: int) -> None:
    docs.set_viewport_size({"width": width, "height": 800})
    operation = docs.locator("#operations-tasks-updateTask")
    operation.locator(".opblock-summary-control").click()
    expect(operation.locator(".failure").first).to_be_visible()
    assert operation.evaluate("(each) => each.offsetHeight") < height


def test_page_follows_the_preference_for_dark(docs: Page) -> None:
    color = "() => getComputedStyle(document.documentElement).colorScheme"
    preferences: list[Any] = ["dark", "light"]
    for preference in preferences:
        docs.emulate_media(color_scheme=preference)
        expect(docs.locator("html.dark-mode")).to_have_count(int(preference == "dark"))
        assert docs.evaluate(color) == {"dark": "dark", "light": "light dark"}[preference]


def test_no_form_has_an_input_for_the_request_id(docs: Page) -> None:
    open_all_operations(docs)
    expect(docs.get_by_placeholder("user_id").first).to_be_visible()
    inputs = docs.get_by_placeholder("X-Request-ID")
    assert [each.is_visible() for each in inputs.all()] == [False] * 8
    expect(docs.locator(".info")).to_contain_text("To choose it yourself, send the header")


def test_page_links_to_problems_and_guides(docs: Page) -> None:
    for name, heading in (
        ("Guide for clients", "Clients"),
        ("Authentication", "Authentication"),
        ("Problems", "Problems"),
    ):
        docs.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(docs.get_by_role("heading", level=1)).to_have_text(heading)
        docs.get_by_role("navigation").get_by_role("link", name="API documentation").click()


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("email", ["", "help@example.com"])
def test_page_has_a_contact_only_if_one_is_configured(
    tmp_path: Path, page: Page, email: str
) -> None:
    with serve(tmp_path / "log", CONTACT_EMAIL=email) as base_url:
        page.goto(f"{base_url}/docs")
        page.locator("#operations-tasks-createTask").wait_for()
        links = [each.get_attribute("href") for each in page.locator("a[href^=mailto]").all()]
    assert links == ([f"mailto:{email}"] if email else [])


SWAGGER_UI_VIOLATIONS = {
    "color-contrast",  # the version, methods, examples
    "heading-order",  # the tags
    "label",  # the request bodies
    "landmark-unique",  # the tables of responses
    "nested-interactive",  # the operations
    "region",  # the introduction
    "select-name",  # the examples and media types
}
"""The rules of axe-core that Swagger UI violates."""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("preference", ["light", "dark"])
def test_only_swagger_ui_violates_accessibility_rules(
    docs: Page, preference: Any, width: int
) -> None:
    docs.emulate_media(color_scheme=preference)
    docs.set_viewport_size({"width": width, "height": 800})
    open_all_operations(docs)
    expect(docs.get_by_role("main")).to_have_count(1)
    assert {found.partition(":")[0] for found in violations(docs)} == SWAGGER_UI_VIOLATIONS
    assert violations(docs, ".swagger-ui") == []
