"""The links of the OpenAPI document: which operations can follow a response.

Their values are runtime expressions (https://spec.openapis.org/oas/v3.1.0#runtime-expressions).
"""

from typing import Any

SAME_USER = {
    "user_id": "$request.path.user_id",
    # With the same id the requests of a sequence are found together in the log.
    "X-Request-ID": "$response.header.X-Request-ID",
}


def _same_task(pointer: str, condition: str) -> dict[str, str]:
    """Return the parameters for the task at `pointer`, with its entity tag in `condition`.

    The entity tag is made from `updated_at`, since PUT and lists send no ETag of a task.
    """
    return {
        **SAME_USER,
        "task_id": f"$response.body#{pointer}/id",
        condition: f'"{{$response.body#{pointer}/updated_at}}"',
    }


def _link(operation_id: str, description: str, parameters: dict[str, str]) -> dict[str, Any]:
    return {"operationId": operation_id, "description": description, "parameters": parameters}


def _conditional_link(operation_id: str, pointer: str = "") -> dict[str, Any]:
    description = "Only while the task is as it is here."
    return _link(operation_id, description, _same_task(pointer, "If-Match"))


FROM_USER = {"List": _link("listTasks", "The user's tasks.", SAME_USER)}
FROM_LIST = {"UpdateFirst": _conditional_link("updateTask", "/0")}
FROM_TASK = {
    "Read": _link("readTask", "Only if it has changed.", _same_task("", "If-None-Match")),
    "Replace": _conditional_link("replaceTask"),
    "Update": _conditional_link("updateTask"),
    "Complete": _conditional_link("completeTask"),
    "Delete": _conditional_link("deleteTask"),
}
FROM_CREATED = {
    **FROM_USER,
    **FROM_TASK,
    "Repeat": {
        **_link(
            "createTask",
            "With the same key no second task is created.",
            {**SAME_USER, "Idempotency-Key": "$request.header.Idempotency-Key"},
        ),
        "requestBody": "$request.body",
    },
}


def from_conflict(operation_id: str) -> dict[str, Any]:
    """Return the link from a 412 to the same operation on the current task."""
    return {"Retry": _conditional_link(operation_id, "/current")}
