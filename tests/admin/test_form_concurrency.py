"""Tests of writes between the validation of a form of the admin and its UPDATE."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from tasks.models import Task
from tasks.queries import UserTasks
from tests.support.admin import CONFLICT, change_url, form_errors, form_values, load_form
from tests.support.client import API, OWNER

# SQLite allows no second writer during the transaction.
pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


@contextmanager
def before_update(change: Callable[[], object]) -> Iterator[None]:
    """Change the database in another connection, between the validation and the UPDATE."""

    def change_in_thread() -> None:
        change()
        connection.close()

    threads = [Thread(target=change_in_thread)]

    def execute(execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        if sql.startswith('UPDATE "tasks"') and threads:
            thread = threads.pop()
            thread.start()
            thread.join()
        return execute(sql, *call)

    with connection.execute_wrapper(execute):
        yield


def test_change_between_validation_and_update_is_a_conflict(admin: API, task: Task) -> None:
    values = load_form(admin, change_url(task))
    tasks = UserTasks(OWNER)
    with before_update(lambda: tasks.update(task.id, title="theirs")):
        response = admin.post(change_url(task), values | {"title": "mine"})
    assert sorted(form_errors(response)) == ["Current value: theirs", CONFLICT]
    assert tasks.get(task.id)["title"] == "theirs"
    assert form_errors(admin.post(change_url(task), form_values(response))) == []
    assert tasks.get(task.id)["title"] == "mine"


def test_task_deleted_between_validation_and_update_is_not_restored(
    admin: API, task: Task
) -> None:
    values = load_form(admin, change_url(task)) | {"title": "New"}
    with before_update(Task.objects.filter(id=task.id).delete):
        page = admin.post(change_url(task), values, follow=True)
    assert "Perhaps it was deleted?" in page.content.decode()
    assert not Task.objects.exists()
