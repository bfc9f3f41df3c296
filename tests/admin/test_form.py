"""Tests of the pages that add, change and delete a task in the admin."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission, User
from django.utils.timezone import now

from tasks.api.serializers import WRITABLE
from tasks.models import Task
from tasks.queries import UserTasks
from tests.support.admin import (
    ADD_URL,
    LIST_URL,
    change_url,
    delete_url,
    form_errors,
    load_form,
    submit,
)
from tests.support.client import API, task_url
from tests.support.factories import TaskFactory
from tests.support.query_plans import on_tasks, recorded

pytestmark = pytest.mark.django_db


def test_form_without_csrf_token_returns_403(admin: API, task: Task) -> None:
    admin.handler.enforce_csrf_checks = True
    assert admin.post(delete_url(task), {"post": "yes"}).status_code == 403
    assert Task.objects.exists()


def test_task_is_added(admin: API) -> None:
    assert submit(admin, ADD_URL, user_id="bob", title=" New ", description="a\r\nb\r\n") == []
    task = Task.objects.get()
    assert (task.user_id, task.title, task.description) == ("bob", "New", "a\nb\n")
    assert task.completed is False
    assert task.updated_at == task.created_at


def test_added_task_is_shown_with_the_other_tasks_of_its_user(admin: API) -> None:
    url = f"{ADD_URL}?_changelist_filters=q%3Dalice"
    response = admin.post(url, {"user_id": "a&b", "title": "New"})
    assert (response.status_code, response["Location"]) == (302, f"{LIST_URL}?q=a%26b%2F")
    page = admin.get(response["Location"]).content.decode()
    assert "was added successfully" in page
    assert "1 task of" in page


def test_user_who_may_only_add_tasks_goes_to_the_index(
    api: API, django_user_model: type[User]
) -> None:
    user = django_user_model.objects.create_user("clerk", is_staff=True)
    create_permissions(apps.get_app_config("tasks"), verbosity=0)
    user.user_permissions.add(Permission.objects.get(codename="add_task"))
    api.force_login(user)
    api.handler.enforce_csrf_checks = False
    response = api.post(ADD_URL, {"user_id": "bob", "title": "New"})
    assert (response.status_code, response["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"title": ""}, ["This field is required."]),
        ({"user_id": ""}, ["This field is required."]),
        (
            {"user_id": "a/b"},
            [
                (
                    'Must be 1 to 255 characters, neither "." nor "..", without slash and '
                    "control characters."
                )
            ],
        ),
        ({"title": "x" * 201}, ["Ensure this value has at most 200 characters (it has 201)."]),
        ({"description": "x" * 1001}, ["Ensure this field has no more than 1000 characters."]),
    ],
)
def test_rules_of_the_api_apply(admin: API, values: dict[str, str], errors: list[str]) -> None:
    assert submit(admin, ADD_URL, **({"user_id": "bob", "title": "New"} | values)) == errors
    assert not Task.objects.exists()


def test_change_writes_only_changed_fields_and_advances_updated_at(admin: API) -> None:
    future = now() + timedelta(days=1)
    task = TaskFactory.create(title="a", description="b\nc", updated_at=future)
    Task.objects.filter(id=task.id).update(completed=True)
    values = {"title": "z", "description": "b\r\nc", "completed": "on", "user_id": "mallory"}
    assert submit(admin, change_url(task), **values) == []
    row = UserTasks(task.user_id).get(task.id)
    assert (row["title"], row["description"], row["completed"]) == ("z", "b\nc", True)
    assert row["user_id"] == task.user_id
    assert row["updated_at"] == future + timedelta(microseconds=1)
    assert row["created_at"] == task.created_at


def test_submit_without_change_changes_nothing(admin: API) -> None:
    task = TaskFactory.create(description="")
    before = UserTasks(task.user_id).get(task.id)
    assert submit(admin, change_url(task), title=task.title, description="") == []
    assert UserTasks(task.user_id).get(task.id) == before


def test_add_form_has_no_read_only_fields(admin: API) -> None:
    page = admin.get(ADD_URL).content.decode()
    assert set(re.findall(r'id="id_(\w+)"', page)) == {"user_id", *WRITABLE}
    assert "DatabaseDefault" not in page
    assert "maxlength" not in page  # browsers count UTF-16 code units, the rules code points


def test_owner_id_and_times_are_read_only(admin: API, task: Task) -> None:
    page = admin.get(change_url(task)).content.decode()
    assert set(re.findall(r'id="id_(\w+)"', page)) == set(WRITABLE)
    times = [f"{time:%Y-%m-%d %H:%M:%S} UTC" for time in (task.created_at, task.updated_at)]
    assert re.findall(r'<div class="readonly">(.*?)</div>', page) == [
        task.user_id,
        str(task.id),
        *times,
    ]


def test_form_links_to_the_task_in_the_api(admin: API, task: Task) -> None:
    page = admin.get(change_url(task)).content.decode()
    assert f'href="{task_url(task)}" class="viewsitelink"' in page


def test_task_is_deleted(admin: API, task: Task) -> None:
    assert submit(admin, delete_url(task), post="yes") == []
    assert not Task.objects.exists()


@pytest.mark.parametrize("url", [change_url, delete_url])
def test_page_executes_one_statement_on_tasks(
    admin: API, task: Task, url: Callable[[Task], str]
) -> None:
    with recorded() as statements:
        admin.get(url(task))
    [sql] = on_tasks(statements)
    assert sql.endswith('WHERE "tasks"."id" = %s LIMIT 21')


def test_save_executes_two_statements_on_tasks(admin: API, task: Task) -> None:
    values = load_form(admin, change_url(task)) | {"title": "New"}
    with recorded() as statements:
        assert form_errors(admin.post(change_url(task), values)) == []
    _, update = on_tasks(statements)
    where = update.partition(" WHERE ")[2].partition(" RETURNING ")[0]
    assert sorted(re.findall(r'"(\w+)" (?:=|IN) ', where)) == ["id", "updated_at", "user_id"]
