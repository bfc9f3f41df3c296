"""Tests of changes and deletions by someone else while a form of the admin is open.

Such a change is a conflict: the form displays it, and overwrites it only if it is saved again.
"""

from collections.abc import Callable

import pytest

from tasks.models import Task
from tasks.queries import UserTasks
from tests.support.admin import (
    CONFLICT,
    change_url,
    delete_url,
    form_errors,
    form_values,
    load_form,
)
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory
from tests.support.query_plans import on_tasks, recorded
from tests.support.triggers import ignore_updates

pytestmark = pytest.mark.django_db


def test_change_of_another_field_is_displayed_and_kept(admin: API) -> None:
    task = TaskFactory.create(title="a", description="b\nc")
    values = load_form(admin, change_url(task))
    theirs = UserTasks(OWNER).update(task.id, title="theirs", completed=True)
    response = admin.post(change_url(task), values | {"description": "mine"})
    assert sorted(form_errors(response)) == [
        "Current value: theirs",
        "Current value: yes",
        CONFLICT,
    ]
    assert UserTasks(OWNER).get(task.id) == theirs
    again = form_values(response)
    displayed = {name: again[name] for name in ("title", "description", "completed")}
    assert displayed == {"title": "theirs", "description": "mine", "completed": "on"}
    assert form_errors(admin.post(change_url(task), again)) == []
    row = UserTasks(OWNER).get(task.id)
    assert (row["title"], row["description"], row["completed"]) == ("theirs", "mine", True)


def test_change_of_the_same_field_is_displayed_and_overwritten(admin: API) -> None:
    task = TaskFactory.create(title="a", description="b")
    values = load_form(admin, change_url(task))
    theirs = UserTasks(OWNER).update(task.id, description=None, title="<theirs>")
    response = admin.post(change_url(task), values | {"title": "mine", "description": "mine"})
    assert sorted(form_errors(response)) == [
        "Current value: <theirs>",
        "Current value: nothing",
        CONFLICT,
    ]
    assert UserTasks(OWNER).get(task.id) == theirs
    again = form_values(response)
    assert (again["title"], again["description"]) == ("mine", "mine")
    assert form_errors(admin.post(change_url(task), again)) == []
    row = UserTasks(OWNER).get(task.id)
    assert (row["title"], row["description"]) == ("mine", "mine")


def test_conflict_is_an_error_of_the_changed_field(admin: API, task: Task) -> None:
    values = load_form(admin, change_url(task))
    UserTasks(OWNER).update(task.id, title="theirs")
    response = admin.post(change_url(task), values)
    assert response.context["adminform"].form.errors == {
        "title": ["Current value: theirs"],
        "__all__": [CONFLICT],
    }


def test_conflict_and_invalid_value_are_both_displayed(admin: API, task: Task) -> None:
    values = load_form(admin, change_url(task))
    UserTasks(OWNER).update(task.id, completed=True)
    response = admin.post(change_url(task), values | {"title": " "})
    assert sorted(form_errors(response)) == [
        "Current value: yes",
        CONFLICT,
        "This field is required.",
    ]


def test_reverted_change_is_no_conflict(admin: API, task: Task) -> None:
    values = load_form(admin, change_url(task))
    for completed in (True, False):
        UserTasks(OWNER).update(task.id, completed=completed)
    assert form_errors(admin.post(change_url(task), values | {"title": "mine"})) == []
    assert UserTasks(OWNER).get(task.id)["title"] == "mine"


def test_fields_without_initial_values_are_no_conflict(admin: API, task: Task) -> None:
    """A script sends no initial values. What it sends is written, other fields stay."""
    Task.objects.update(description="as it was", completed=True)
    assert form_errors(admin.post(change_url(task), {"title": "mine"})) == []
    changed = Task.objects.get()
    assert (changed.title, changed.description) == ("mine", "as it was")
    assert changed.completed
    assert changed.updated_at > task.updated_at
    assert form_errors(admin.post(change_url(task), {"description": ""})) == []
    changed = Task.objects.get()
    assert (changed.title, changed.description) == ("mine", None)


@pytest.mark.undistributed(reason="Citus does not support triggers on distributed tables")
def test_task_that_cannot_be_updated_is_a_conflict(admin: API, task: Task) -> None:
    values = load_form(admin, change_url(task)) | {"title": "mine"}
    ignore_updates()
    with recorded() as statements:
        response = admin.post(change_url(task), values)
    assert form_errors(response) == [CONFLICT]
    assert form_values(response)["title"] == "mine"
    assert Task.objects.get() == task
    assert [sql.partition(" ")[0] for sql in on_tasks(statements)] == [
        *("SELECT", "UPDATE", "SELECT", "UPDATE"),
        "SELECT",
    ]


@pytest.mark.parametrize("url", [change_url, delete_url])
def test_form_of_deleted_task_redirects_with_message(
    admin: API, task: Task, url: Callable[[Task], str]
) -> None:
    values = load_form(admin, url(task)) | {"title": "New"}
    path = url(task)
    task.delete()
    assert "Perhaps it was deleted?" in admin.post(path, values, follow=True).content.decode()
    assert not Task.objects.exists()
