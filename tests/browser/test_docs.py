"""Tests of Swagger UI on the page `/docs` in a browser."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import horizontal_overflow


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


@pytest.mark.parametrize("width", [320, 1280])
def test_page_fits_the_window(base_url: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{base_url}/docs")
    page.locator("#operations-tasks-createTask").wait_for()
    assert horizontal_overflow(page) == 0
