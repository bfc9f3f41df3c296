"""Fixtures of all tests, and the profiles of Hypothesis."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from hypothesis import settings

from tasks.models import Task
from tests.support.client import API, OWNER, TASKS
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import Instance, run

# By default the examples are the same in each run. `--hypothesis-profile=long` tries new ones.
settings.register_profile(
    "suite", deadline=None, derandomize=True, max_examples=40, stateful_step_count=30
)
settings.register_profile("long", deadline=None, max_examples=2000, stateful_step_count=50)
settings.load_profile("suite")


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
def missing_url() -> str:
    """Return the URL of a task that does not exist."""
    return f"{TASKS}/{uuid4()}"


@pytest.fixture(scope="module")
def instance(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    """Run the service for all tests of a module. They must be transactional to share data."""
    with run(tmp_path_factory.mktemp("service") / "log") as instance:
        yield instance


@pytest.fixture(autouse=True)
def no_deadline() -> Iterator[None]:
    """Remove the deadline that `close_old_connections` has set: the request is over."""
    yield
    vars(connections["default"]).pop("deadline", None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite in a file, as in production: threads cannot share an in-memory database."""
    if connection.vendor == "sqlite":
        directory: Path = tmp_path_factory.mktemp("database")
        connection.settings_dict["TEST"]["NAME"] = str(directory / "test.sqlite3")
