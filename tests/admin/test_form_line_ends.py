"""Tests of text that a browser submits in another form than it is stored in: with line ends."""

import pytest

from tasks.queries import UserTasks
from tests.support.admin import (
    CONFLICT,
    TEXTS,
    change_url,
    form_errors,
    form_values,
    load_form,
    submit,
)
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("edited", ["title", "description", "completed"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_field_that_is_not_edited_stays_as_it_is(admin: API, text: str, edited: str) -> None:
    task = TaskFactory.create(title=f"{text}a{text}", description=f"{text}b{text}")
    stored = UserTasks(OWNER).get(task.id)
    assert submit(admin, change_url(task), **{edited: "1"}) == []
    row = UserTasks(OWNER).get(task.id)
    value = True if edited == "completed" else "1"
    assert row == {**stored, edited: value, "updated_at": row["updated_at"]}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_field_that_is_not_edited_stays_as_it_is_after_a_conflict(admin: API, text: str) -> None:
    task = TaskFactory.create(title="a")
    values = load_form(admin, change_url(task)) | {"completed": "on"}
    title = f"{text}a{text}b"
    stored = UserTasks(OWNER).update(task.id, title=title, description=text)
    response = admin.post(change_url(task), values)
    assert response.context["adminform"].form.errors["__all__"] == [CONFLICT]
    assert form_errors(admin.post(change_url(task), form_values(response))) == []
    row = UserTasks(OWNER).get(task.id)
    assert row == {**stored, "completed": True, "updated_at": row["updated_at"]}
