"""Swagger UI: a newcomer's first minutes with the API."""

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect


def tried_out(page: Page, operation_id: str) -> Locator:
    """Open an operation for a try."""
    operation = page.locator(f"#operations-tasks-{operation_id}")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    return operation


def executed(operation: Locator, status: int) -> Any:
    """Send the request; return the body that Swagger UI shows of the answer."""
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_have_text(re.compile(f"^{status}"))
    return json.loads(answer.locator(".response-col_description code").first.inner_text())


def test_swagger_ui_creates_lists_completes_and_deletes_a_task(address: str, page: Page) -> None:
    page.goto(f"{address}/docs")
    task = executed(tried_out(page, "createTask"), 201)
    assert (task["user_id"], task["title"], task["completed"]) == ("user123", "Buy milk", False)

    listed = tried_out(page, "listTasks")
    assert executed(listed, 200) == [task]

    complete = tried_out(page, "completeTask")
    complete.get_by_placeholder("task_id").fill(task["id"])
    completed = executed(complete, 200)
    assert completed == task | {"completed": True, "updated_at": completed["updated_at"]}

    clear = tried_out(page, "deleteTasks")
    clear.locator(".parameters tr", has_text="completed").get_by_role("combobox").select_option(
        "true"
    )
    assert executed(clear, 200) == {"deleted": 1}
