"""Where a client can go from an answer: the links of the OpenAPI document.

Their values are runtime expressions (https://spec.openapis.org/oas/v3.1.0#runtime-expressions).
"""

from typing import Any

SAME_USER = {
    "user_id": "$request.path.user_id",
    # Under one id the requests of a client stand together in the log.
    "X-Request-ID": "$response.header.X-Request-ID",
}


def _same_task(pointer: str, condition: str) -> dict[str, str]:
    """Return the parameters for the task at `pointer`; the header `condition` has its validator.

    That is what `ETag` holds, but PUT and lists have none for a task.
    """
    return {
        **SAME_USER,
        "task_id": f"$response.body#{pointer}/id",
        condition: f'"{{$response.body#{pointer}/updated_at}}"',
    }


def _link(operation_id: str, description: str, parameters: dict[str, str]) -> dict[str, Any]:
    return {"operationId": operation_id, "description": description, "parameters": parameters}


def _change(operation_id: str, pointer: str = "") -> dict[str, Any]:
    description = "Only while the task is as it is here."
    return _link(operation_id, description, _same_task(pointer, "If-Match"))


FROM_USER = {"List": _link("listTasks", "The user's tasks.", SAME_USER)}
FROM_LIST = {"UpdateFirst": _change("updateTask", "/0")}
FROM_TASK = {
    "Read": _link("readTask", "Only if it has changed.", _same_task("", "If-None-Match")),
    "Replace": _change("replaceTask"),
    "Update": _change("updateTask"),
    "Complete": _change("completeTask"),
    "Delete": _change("deleteTask"),
}
FROM_CREATED = {
    **FROM_USER,
    **FROM_TASK,
    "Repeat": {
        **_link(
            "createTask",
            "With the same key it creates nothing.",
            {**SAME_USER, "Idempotency-Key": "$request.header.Idempotency-Key"},
        ),
        "requestBody": "$request.body",
    },
}


def from_conflict(operation_id: str) -> dict[str, Any]:
    """Return the link from a 412 to the same change, of the task as it is now."""
    return {"Retry": _change(operation_id, "/current")}
