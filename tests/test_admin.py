"""The admin: find a task and put it right, under the rules of the API."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin import site
from django.http import Http404, HttpRequest
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from tasks.admin import TaskForm
from tasks.models import Task
from tasks.verbs import UserTasks
from tests.conftest import API, address
from tests.factories import TaskFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/tasks/task/"
ADD = f"{LIST}add/"
USER_ID_RULE = "Must be 1 to 255 characters without slash and control characters."


@pytest.fixture
def admin(api: API, admin_user: Any) -> API:
    api.force_login(admin_user)
    api.handler.enforce_csrf_checks = False
    return api


def change(task: Task) -> str:
    return f"{LIST}{task.id}/change/"


def titles(admin: API, query: str) -> list[str]:
    page = admin.get(f"{LIST}?{query}").content.decode()
    return re.findall(r'/change/[^>]*">([^<]+)</a>', page)


def submit(admin: API, url: str, **fields: object) -> list[str]:
    """Submit a form as a browser does, and return the errors shown."""
    page = admin.get(url).content.decode()
    shown = re.findall(r'name="(initial-\w+)"(?: value="([^"]*)")?', page)
    fields = {name: unescape(value) for name, value in shown} | fields
    response = admin.post(url, {key: value for key, value in fields.items() if value is not None})
    if response.status_code == 302:
        return []
    return re.findall(r'<ul class="errorlist"[^>]*><li>([^<]+)</li>', response.content.decode())


def test_the_list_shows_what_matters(admin: API, task: Task) -> None:
    page = admin.get(LIST).content.decode()
    columns = re.findall(r'class="(?:sortable )?column-(\w+)', page)
    assert columns == ["title", "user_id", "completed", "created_at", "updated_at"]
    assert titles(admin, "") == [task.title]


def test_the_list_neither_counts_nor_sorts_the_whole_table(
    admin: API, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Task.objects.bulk_create(Task(user_id="alice", title="a") for _ in range(10_001))
    with django_assert_num_queries(4) as queries:
        page = admin.get(f"{LIST}?o=1").content.decode()
    assert "10000 tasks" in page
    count, rows = [each["sql"] for each in queries.captured_queries if '"tasks"' in each["sql"]]
    assert count.endswith("LIMIT 10000) subquery")
    assert rows.endswith(
        'ORDER BY "tasks"."user_id" ASC, "tasks"."created_at" DESC, "tasks"."id" DESC LIMIT 100'
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=alice", ["Buy milk"]),
        ("q=alic", []),
        ("q=MILK", ["Buy milk"]),
        ("q=bob", ["Call home"]),
        ("q=call+HOME", ["Call home"]),
        ("q=Buy+milk", ["Buy milk"]),
        ("q=%00", ["Buy milk", "Call home"]),
        ("q=%25", []),
        ("completed__exact=1", ["Call home"]),
        ("completed__exact=0", ["Buy milk"]),
        ("created_at__gte=2100-01-01", []),
    ],
)
def test_tasks_are_found(admin: API, query: str, found: list[str]) -> None:
    TaskFactory.create(title="Buy milk", created_at=now() - timedelta(hours=1))
    TaskFactory.create(title="Call home", user_id="bob", completed=True)
    assert titles(admin, query) == found


def test_a_task_is_found_by_its_id(admin: API, task: Task) -> None:
    TaskFactory.create()
    assert titles(admin, f"q={task.id}") == [task.title]


def test_a_form_from_elsewhere_is_refused(admin: API, task: Task) -> None:
    admin.handler.enforce_csrf_checks = True
    assert admin.post(f"{LIST}{task.id}/delete/", {"post": "yes"}).status_code == 403
    assert Task.objects.exists()


def test_a_task_is_added(admin: API) -> None:
    assert submit(admin, ADD, user_id="bob", title=" New ", description="a\r\nb\r\n") == []
    task = Task.objects.get()
    assert (task.user_id, task.title, task.description) == ("bob", "New", "a\nb\n")
    assert task.completed is False
    assert task.updated_at == task.created_at


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"title": ""}, ["This field is required."]),
        ({"user_id": ""}, ["This field is required."]),
        (
            {"user_id": "a/b"},
            ["Must be 1 to 255 characters without slash and control characters."],
        ),
        ({"title": "x" * 201}, ["Ensure this value has at most 200 characters (it has 201)."]),
        ({"description": "x" * 1001}, ["Ensure this field has no more than 1000 characters."]),
    ],
)
def test_the_rules_are_those_of_the_api(
    admin: API, fields: dict[str, str], errors: list[str]
) -> None:
    assert submit(admin, ADD, **({"user_id": "bob", "title": "New"} | fields)) == errors
    assert not Task.objects.exists()


def test_a_change_writes_what_was_changed_and_moves_updated_at(admin: API) -> None:
    future = now() + timedelta(days=1)
    task = TaskFactory.create(title="a", description="b\nc", updated_at=future)
    Task.objects.filter(id=task.id).update(completed=True)
    sent = {"title": "z", "description": "b\r\nc", "completed": "on", "user_id": "mallory"}
    assert submit(admin, change(task), **sent) == []
    row = UserTasks(task.user_id).get(task.id)
    assert (row["title"], row["description"], row["completed"]) == ("z", "b\nc", True)
    assert row["user_id"] == task.user_id
    assert row["updated_at"] == future + timedelta(microseconds=1)
    assert row["created_at"] == task.created_at


def test_what_the_owner_changed_meanwhile_is_kept(admin: API) -> None:
    task = TaskFactory.create(title="a", description="b")
    page = admin.get(change(task)).content.decode()
    shown = dict(re.findall(r'name="(initial-\w+)"(?: value="([^"]*)")?', page))
    UserTasks(task.user_id).change(task.id, title="theirs")
    admin.post(change(task), {**shown, "title": "a", "description": "b", "completed": "on"})
    row = UserTasks(task.user_id).get(task.id)
    assert (row["title"], row["description"], row["completed"]) == ("theirs", "b", True)


def test_a_new_task_has_nothing_of_the_servers_yet(admin: API) -> None:
    page = admin.get(ADD).content.decode()
    assert set(re.findall(r'id="id_(\w+)"', page)) == {
        "user_id",
        "title",
        "description",
        "completed",
    }
    assert "DatabaseDefault" not in page


def test_saving_without_a_change_changes_nothing(admin: API) -> None:
    task = TaskFactory.create(description="")
    before = UserTasks(task.user_id).get(task.id)
    assert submit(admin, change(task), title=task.title, description="") == []
    assert UserTasks(task.user_id).get(task.id) == before


def test_what_the_server_owns_is_only_shown(admin: API, task: Task) -> None:
    page = admin.get(change(task)).content.decode()
    assert re.findall(r'<(?:input|textarea)[^>]* name="(\w+)"', page.split("<form id")[0]) == []
    assert set(re.findall(r'id="id_(\w+)"', page)) == {"title", "description", "completed"}
    assert str(task.id) in page


def test_a_task_links_to_its_address_in_the_api(admin: API, task: Task) -> None:
    page = admin.get(change(task)).content.decode()
    assert f'href="{address(task)}" class="viewsitelink"' in page


@pytest.mark.parametrize(("action", "completed"), [("complete", True), ("reopen", False)])
def test_many_tasks_are_completed_at_once(admin: API, action: str, *, completed: bool) -> None:
    future = now() + timedelta(days=1)
    chosen = [TaskFactory.create(completed=not completed, updated_at=future) for _ in range(3)]
    other = TaskFactory.create(completed=not completed, updated_at=future)
    form = {"action": action, "_selected_action": [str(task.id) for task in chosen]}
    page = admin.post(LIST, form, follow=True).content.decode()
    assert f"3 tasks {'completed' if completed else 'reopened'}." in page
    for task in chosen:
        task.refresh_from_db()
        assert task.completed is completed
        assert task.updated_at == future + timedelta(microseconds=1)
    other.refresh_from_db()
    assert (other.completed, other.updated_at) == (not completed, future)


def test_a_task_is_deleted(admin: API, task: Task) -> None:
    assert submit(admin, f"{LIST}{task.id}/delete/", post="yes") == []
    assert not Task.objects.exists()


def test_a_task_deleted_meanwhile_is_not_found(admin: API, task: Task) -> None:
    form = TaskForm({"user_id": task.user_id, "title": "New"}, instance=task)
    assert form.is_valid()
    Task.objects.all().delete()
    with pytest.raises(Http404):
        site.get_model_admin(Task).save_model(HttpRequest(), task, form, change=True)
    assert not Task.objects.exists()
