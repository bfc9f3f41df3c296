"""A task in the admin: add it and put it right, under the rules of the API."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import now

from tasks.models import Task
from tasks.queries import UserTasks
from tests.support.client import API, OWNER, task_url
from tests.support.factories import TaskFactory
from tests.support.query_plans import on_tasks, recorded

pytestmark = pytest.mark.django_db

LIST = "/admin/tasks/task/"
ADD = f"{LIST}add/"
USER_ID_RULE = "Must be 1 to 255 characters without slash and control characters."


def change(task: Task) -> str:
    return f"{LIST}{task.id}/change/"


class Fields(HTMLParser):
    """What a browser would send of the forms in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        options = {name: value or "" for name, value in attrs}
        kind, name = options.get("type"), options.get("name", "")
        if tag == "textarea":
            self.area = name
            self.values[name] = ""
        elif kind in {"text", "hidden"} or (kind == "checkbox" and "checked" in options):
            self.values[name] = options.get("value", "on" if kind == "checkbox" else "")

    def handle_data(self, data: str) -> None:
        if self.area:
            self.values[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # HTML drops a line end right after the tag, and sends every one as CRLF.
            lines = self.values[self.area].replace("\r\n", "\n").removeprefix("\n")
            self.values[self.area] = lines.replace("\n", "\r\n")
            self.area = ""


def shown(admin: API, url: str) -> dict[str, str]:
    return Fields(admin.get(url).content.decode()).values


def submit(admin: API, url: str, **fields: object) -> list[str]:
    """Submit a form as a browser does, and return the errors shown."""
    return errors(admin.post(url, {**shown(admin, url), **fields}))


def errors(response: Any) -> list[str]:
    if response.status_code == 302:
        return []
    found = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', response.content.decode())
    return [unescape(each) for part in found for each in re.findall("<li>(.*?)</li>", part)]


@contextmanager
def before_the_write(act: Callable[[], object]) -> Iterator[None]:
    """Do something elsewhere, after the form was checked and before the task is written."""

    def act_elsewhere() -> None:
        act()
        connection.close()

    others = [Thread(target=act_elsewhere)]

    def execute(execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        if sql.startswith('UPDATE "tasks"') and others:
            other = others.pop()
            other.start()
            other.join()
        return execute(sql, *call)

    with connection.execute_wrapper(execute):
        yield


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
    assert f'href="{task_url(task)}" class="viewsitelink"' in page


def test_a_task_is_deleted(admin: API, task: Task) -> None:
    assert submit(admin, f"{LIST}{task.id}/delete/", post="yes") == []
    assert not Task.objects.exists()


@pytest.mark.parametrize("end", ["change", "delete"])
def test_a_task_that_is_gone_is_missed_politely(admin: API, task: Task, end: str) -> None:
    path = f"{LIST}{task.id}/{end}/"
    fields = shown(admin, path) | {"title": "New"}
    task.delete()
    assert "Perhaps it was deleted?" in admin.post(path, fields, follow=True).content.decode()
    assert not Task.objects.exists()


@pytest.mark.once  # SQLite lets nobody else write meanwhile
@pytest.mark.django_db(transaction=True)
def test_a_task_that_goes_while_it_is_saved_does_not_come_back(admin: API, task: Task) -> None:
    fields = shown(admin, change(task)) | {"title": "New"}
    with before_the_write(Task.objects.filter(id=task.id).delete):
        page = admin.post(change(task), fields, follow=True)
    assert "Perhaps it was deleted?" in page.content.decode()
    assert not Task.objects.exists()


def test_what_the_server_owns_is_shown_and_cannot_be_typed(admin: API, task: Task) -> None:
    page = admin.get(change(task)).content.decode()
    read_only = re.findall(r'<div class="readonly">(.*?)</div>', page)
    times = [f"{moment:%Y-%m-%d %H:%M:%S} UTC" for moment in (task.created_at, task.updated_at)]
    assert read_only == [task.user_id, str(task.id), *times]


class TestAChangeMeanwhile:
    """It is shown, and overwritten only by who has seen it."""

    CHANGED = (
        "The task was changed by someone else, and nothing has been saved. Check the current "
        "values, and save again to apply your changes."
    )

    def test_of_another_field_is_taken_over(self, admin: API) -> None:
        task = TaskFactory.create(title="a", description="b\nc")
        fields = shown(admin, change(task))
        theirs = UserTasks(OWNER).update(task.id, title="theirs", completed=True)
        response = admin.post(change(task), fields | {"description": "mine"})
        assert sorted(errors(response)) == [
            "Current value: theirs",
            "Current value: yes",
            self.CHANGED,
        ]
        assert UserTasks(OWNER).get(task.id) == theirs
        again = Fields(response.content.decode()).values
        kept = {name: again[name] for name in ("title", "description", "completed")}
        assert kept == {"title": "theirs", "description": "mine", "completed": "on"}
        assert errors(admin.post(change(task), again)) == []
        row = UserTasks(OWNER).get(task.id)
        assert (row["title"], row["description"], row["completed"]) == ("theirs", "mine", True)

    def test_is_named_beside_its_field(self, admin: API, task: Task) -> None:
        fields = shown(admin, change(task))
        UserTasks(OWNER).update(task.id, title="theirs")
        response = admin.post(change(task), fields)
        assert response.context["adminform"].form.errors == {
            "title": ["Current value: theirs"],
            "__all__": [self.CHANGED],
        }

    def test_is_none_where_a_browser_has_only_rewritten_line_ends(self, admin: API) -> None:
        task = TaskFactory.create(description="a\nb")
        fields = shown(admin, change(task)) | {"initial-description": "a\r\nb"}
        assert errors(admin.post(change(task), fields | {"title": "mine"})) == []
        assert UserTasks(OWNER).get(task.id)["description"] == "a\nb"

    def test_of_the_same_field_is_shown_beside_what_was_typed(self, admin: API) -> None:
        task = TaskFactory.create(title="a", description="b")
        fields = shown(admin, change(task))
        theirs = UserTasks(OWNER).update(task.id, description=None, title="<theirs>")
        response = admin.post(change(task), fields | {"title": "mine", "description": "mine"})
        assert sorted(errors(response)) == [
            "Current value: <theirs>",
            "Current value: nothing",
            self.CHANGED,
        ]
        assert UserTasks(OWNER).get(task.id) == theirs
        again = Fields(response.content.decode()).values
        assert (again["title"], again["description"]) == ("mine", "mine")
        assert errors(admin.post(change(task), again)) == []
        row = UserTasks(OWNER).get(task.id)
        assert (row["title"], row["description"]) == ("mine", "mine")

    def test_and_a_mistake_are_both_shown(self, admin: API, task: Task) -> None:
        fields = shown(admin, change(task))
        UserTasks(OWNER).update(task.id, completed=True)
        response = admin.post(change(task), fields | {"title": " "})
        assert sorted(errors(response)) == [
            "Current value: yes",
            self.CHANGED,
            "This field is required.",
        ]

    @pytest.mark.once  # SQLite lets nobody else write meanwhile
    @pytest.mark.django_db(transaction=True)
    def test_between_the_check_and_the_write_is_noticed(self, admin: API, task: Task) -> None:
        fields = shown(admin, change(task))
        tasks = UserTasks(OWNER)
        with before_the_write(lambda: tasks.update(task.id, title="theirs")):
            response = admin.post(change(task), fields | {"title": "mine"})
        assert sorted(errors(response)) == ["Current value: theirs", self.CHANGED]
        assert tasks.get(task.id)["title"] == "theirs"
        again = Fields(response.content.decode()).values
        assert errors(admin.post(change(task), again)) == []
        assert tasks.get(task.id)["title"] == "mine"

    def test_that_leaves_it_as_it_was_is_none(self, admin: API, task: Task) -> None:
        fields = shown(admin, change(task))
        for completed in (True, False):
            UserTasks(OWNER).update(task.id, completed=completed)
        assert errors(admin.post(change(task), fields | {"title": "mine"})) == []
        assert UserTasks(OWNER).get(task.id)["title"] == "mine"

    def test_is_none_where_nothing_says_what_was_shown(self, admin: API, task: Task) -> None:
        """A script has seen nothing, and means what it sends; what it does not send stays."""
        Task.objects.update(description="as it was", completed=True)
        assert errors(admin.post(change(task), {"title": "mine"})) == []
        written = Task.objects.get()
        assert (written.title, written.description) == ("mine", "as it was")
        assert written.completed
        assert written.updated_at > task.updated_at
        assert errors(admin.post(change(task), {"title": "mine", "description": ""})) == []
        assert Task.objects.get().description is None


@pytest.mark.parametrize("end", ["change", "delete"])
def test_a_page_about_a_task_is_one_statement_on_tasks(admin: API, task: Task, end: str) -> None:
    with recorded() as statements:
        admin.get(f"{LIST}{task.id}/{end}/")
    [sql] = on_tasks(statements)
    assert sql.endswith('WHERE "tasks"."id" = %s LIMIT 21')


def test_a_save_is_two_statements_on_tasks(admin: API, task: Task) -> None:
    fields = shown(admin, change(task)) | {"title": "New"}
    with recorded() as statements:
        assert errors(admin.post(change(task), fields)) == []
    _, update = on_tasks(statements)
    where = update.partition(" WHERE ")[2].partition(" RETURNING ")[0]
    assert sorted(re.findall(r'"(\w+)" (?:=|IN) ', where)) == ["id", "updated_at", "user_id"]
