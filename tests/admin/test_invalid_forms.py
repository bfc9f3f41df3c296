"""Tests of forms of the admin with invalid values: none is an internal error."""

from typing import Any

import pytest
from django.db import connection, transaction

from tasks.models import Task
from tests.support.admin import (
    ADD_URL,
    LIST_URL,
    USER_LIST_URL,
    assert_error_page,
    change_url,
)
from tests.support.client import API, stored_rows
from tests.support.triggers import on_update

pytestmark = pytest.mark.django_db

FORMS = {
    "action on an id that is no UUID": (LIST_URL, {"action": "complete", "_selected_action": "x"}),
    "deletion of an id that is no UUID": (
        LIST_URL,
        {"action": "delete_selected", "_selected_action": "x", "asked_at": "2026-02-06"},
    ),
    "action on an id that is no number": (
        USER_LIST_URL,
        {"action": "delete_selected", "_selected_action": "x"},
    ),
}


@pytest.mark.parametrize(("url", "form"), FORMS.values(), ids=FORMS)
def test_invalid_selection_returns_400(
    admin: API, task: Task, url: str, form: dict[str, str]
) -> None:
    before = stored_rows()
    assert_error_page(admin.post(url, form), 400)
    assert stored_rows() == before


def test_rejected_value_is_logged_without_the_value(
    admin: API, caplog: pytest.LogCaptureFixture
) -> None:
    admin.post(LIST_URL, {"action": "complete", "_selected_action": "personal"})
    [message] = [
        record.getMessage()
        for record in caplog.records
        if record.name.endswith("middleware.admin")
    ]
    assert message.startswith("The admin rejected a value: ValidationError\n  File ")
    assert "personal" not in message


@pytest.mark.parametrize(
    "asked_at",
    ["", "x", "\0", "2026-13-45", "2026-02-06T25:00", "0001-01-01T00:00+14:00", "9" * 30],
)
def test_deletion_with_invalid_time_of_confirmation_returns_400(
    admin: API, task: Task, asked_at: str
) -> None:
    before = stored_rows()
    form = {"action": "delete_selected", "_selected_action": str(task.id), "asked_at": asked_at}
    assert_error_page(admin.post(LIST_URL, form), 400)
    assert stored_rows() == before


@pytest.mark.parametrize("field", ["user_id", "title", "description"])
def test_nul_is_an_error_of_the_field(admin: API, field: str) -> None:
    form = {"user_id": "bob", "title": "New", field: "a\0b"}
    response = admin.post(ADD_URL, form)
    assert response.context["adminform"].form.errors == {
        field: ["Null characters are not allowed."]
    }
    assert not Task.objects.exists()


def test_invalid_date_is_an_error_of_the_field(admin: API, admin_user: Any) -> None:
    form = {"username": "admin", "date_joined_0": "2026-13-45", "date_joined_1": "x"}
    response = admin.post(f"{USER_LIST_URL}{admin_user.pk}/change/", form)
    assert response.context["adminform"].form.errors == {
        "date_joined": ["Enter a valid date.", "Enter a valid time."]
    }


@pytest.mark.once
@pytest.mark.undistributed(reason="Citus does not support triggers on distributed tables")
def test_value_that_the_database_rejects_is_not_called_invalid_input(
    admin: API, task: Task
) -> None:
    on_update(postgresql="RAISE SQLSTATE '22000';")
    with transaction.atomic():
        response = admin.post(change_url(task), {"title": "New"})
    assert_error_page(response, 500)


@pytest.mark.once  # SQLite has no such value
def test_stored_value_that_cannot_be_represented_is_not_called_invalid_input(
    admin: API, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_user SET date_joined = 'infinity'")
    assert_error_page(admin.get(USER_LIST_URL), 500)
    assert "infinity" not in caplog.text
