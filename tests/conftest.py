"""The cast: the owner, the stranger, and the client through which they speak."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from hypothesis import settings

from tasks.models import Task
from tasks.verbs import COLUMNS
from tests.factories import TaskFactory

# The suite runs the same examples each time; `--hypothesis-profile=long` looks for new ones.
settings.register_profile(
    "suite", deadline=None, derandomize=True, max_examples=40, stateful_step_count=30
)
settings.register_profile("long", deadline=None, max_examples=2000, stateful_step_count=50)
settings.load_profile("suite")

OWNER = "alice"
STRANGER = "mallory"
TASKS = f"/api/{OWNER}/tasks"


def address(task: Task) -> str:
    """Return the path of a task."""
    return f"/api/{task.user_id}/tasks/{task.id}"


def stored() -> list[dict[str, Any]]:
    """Return every task in the database."""
    return list(Task.objects.order_by("id").values(*COLUMNS))


class API(Client):
    """A client that states the status it expects, and sends data as JSON."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True, raise_request_exception=False)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request, whatever the answer; `body` is data for JSON, or bytes as they are."""
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
        """Send a request whose status is known."""
        response = self.ask(method, path, body, **headers)
        assert response.status_code == status, response.content
        return response

    def refused(
        self, status: int, method: str, path: str, body: object = None, **headers: str
    ) -> dict[str, Any]:
        """Send a request that must fail and change nothing; return the problem."""
        before = stored()
        response = self.send(status, method, path, body, **headers)
        assert stored() == before
        assert response["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = json.loads(response.content)
        assert problem["status"] == status
        assert problem.pop("request_id") == response["X-Request-ID"]
        return problem


@pytest.fixture
def api() -> API:
    return API()


@pytest.fixture
def admin(api: API, admin_user: Any) -> API:
    """Return a client that is logged in to the admin."""
    api.force_login(admin_user)
    api.handler.enforce_csrf_checks = False
    return api


@pytest.fixture
def task(db: None) -> Task:
    return TaskFactory.create(user_id=OWNER, title="Buy milk")


@pytest.fixture
def missing() -> str:
    """Return the address of a task that does not exist."""
    return f"{TASKS}/{uuid4()}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite in a file, as in production: threads do not share a database in memory."""
    if connection.vendor == "sqlite":
        directory: Path = tmp_path_factory.mktemp("database")
        connection.settings_dict["TEST"]["NAME"] = str(directory / "test.sqlite3")
