"""The test client of the API, and the users and URLs of the tests."""

import json
from functools import cache
from typing import Any

from django.core.handlers.base import BaseHandler
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.test import Client
from django.test.client import ClientHandler

from tasks.models import COLUMNS, Task

OWNER = "alice"
STRANGER = "mallory"
TASKS = f"/api/{OWNER}/tasks"


def task_url(task: Task) -> str:
    """Return the path of a task."""
    return f"/api/{task.user_id}/tasks/{task.id}"


def stored_rows() -> list[dict[str, Any]]:
    """Return every task in the database."""
    return list(Task.objects.order_by("id").values(*COLUMNS))


@cache
def loaded_handler() -> BaseHandler:
    """Return a handler that has loaded the middleware.

    Until a setting changes, all clients share it: WhiteNoise looks for every static file, which
    takes longer than most tests. Only the `vars` of the handler would not do: on Python 3.13.0,
    they are invalid without it.
    """
    handler = BaseHandler()
    handler.load_middleware()
    return handler


@receiver(setting_changed)
def reload_middleware(**_: Any) -> None:
    loaded_handler.cache_clear()


class SharingHandler(ClientHandler):
    """A handler whose middleware is shared by all clients."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002
        vars(self).update(vars(loaded_handler()))


class API(Client):
    """A client that sends data as JSON and asserts the status of the response."""

    def __init__(self) -> None:
        super().__init__(raise_request_exception=False)
        self.handler = SharingHandler(enforce_csrf_checks=True)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request. `body` is data for JSON, or raw bytes."""
        content_type = headers.pop("content_type", "application/json")
        return self.generic(
            method,
            path,
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body),
            content_type="" if body is None else content_type,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def send(
        self, status: int, method: str, path: str, body: object = None, **headers: str
    ) -> Any:
        """Send a request, and assert the status of the response."""
        response = self.call(method, path, body, **headers)
        assert response.status_code == status, response.content
        return response

    def problem(
        self, status: int, method: str, path: str, body: object = None, **headers: str
    ) -> dict[str, Any]:
        """Send a request that must fail and change nothing; return the problem."""
        before = stored_rows()
        response = self.send(status, method, path, body, **headers)
        assert stored_rows() == before
        assert response["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = json.loads(response.content)
        assert problem["status"] == status
        assert problem.pop("request_id") == response["X-Request-ID"]
        return problem
