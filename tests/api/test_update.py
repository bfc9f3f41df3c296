"""PUT and PATCH on a task."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from tasks.models import Task
from tests.support.client import API, task_url
from tests.support.factories import TaskFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.parametrize("method", ["PUT", "PATCH"]),
]


def parse(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)


def test_only_what_was_sent_changes(api: API, method: str) -> None:
    task = TaskFactory.create(title="a", description="b", completed=True)
    before = api.send(200, "GET", task_url(task)).json()
    for change in ({"title": "c"}, {"description": "d"}, {"completed": False}):
        after = api.send(200, method, task_url(task), change).json()
        assert parse(after["updated_at"]) > parse(before["updated_at"])
        assert after == before | change | {"updated_at": after["updated_at"]}
        assert api.send(200, "GET", task_url(task)).json() == after
        before = after


def test_null_clears_the_description(api: API, method: str) -> None:
    task = TaskFactory.create(description="b")
    assert (
        api.send(200, method, task_url(task), {"description": None}).json()["description"] is None
    )


def test_an_empty_object_changes_nothing(api: API, task: Task, method: str) -> None:
    before = api.send(200, "GET", task_url(task)).json()
    assert api.send(200, method, task_url(task), {}).json() == before


def test_the_task_itself_may_be_sent_back(api: API, task: Task, method: str) -> None:
    before = api.send(200, "GET", task_url(task)).json()
    after = api.send(200, method, f"{task_url(task)}/", before).json()
    assert after == before | {"updated_at": after["updated_at"]}


def test_the_title_is_trimmed(api: API, task: Task, method: str) -> None:
    assert api.send(200, method, task_url(task), {"title": " c "}).json()["title"] == "c"


def test_updated_at_moves_on_even_in_the_future(api: API, method: str) -> None:
    future = now() + timedelta(days=365)
    task = TaskFactory.create(updated_at=future)
    first = api.send(200, method, task_url(task), {"title": "b"}).json()
    second = api.send(200, method, task_url(task), {"title": "b"}).json()
    assert parse(first["updated_at"]) == future + timedelta(microseconds=1)
    assert parse(second["updated_at"]) == future + timedelta(microseconds=2)


def test_updated_at_is_the_time_of_the_change(api: API, task: Task, method: str) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    Task.objects.update(updated_at=old, created_at=old)
    before = now()
    after = api.send(200, method, task_url(task), {"title": "b"}).json()
    millisecond = timedelta(milliseconds=1)  # as fine as SQLite's clock
    assert before - millisecond <= parse(after["updated_at"]) <= now() + millisecond
    assert parse(after["created_at"]) == old


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        ({"title": None}, "title", "null"),
        ({"title": "  "}, "title", "blank"),
        ({"title": 5}, "title", "invalid"),
        ({"title": "x" * 201}, "title", "max_length"),
        ({"description": []}, "description", "invalid"),
        ({"completed": "false"}, "completed", "invalid"),
        ({"done": True}, "done", "unknown"),
    ],
)
def test_a_member_that_breaks_a_rule_is_named(
    api: API, task: Task, method: str, body: object, name: str, code: str
) -> None:
    problem = api.problem(400, method, task_url(task), body)
    assert problem["type"] == "/problems/validation-error"
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        (f"#/{name}", code)
    ]


def test_a_task_that_does_not_exist_is_not_created(
    api: API, missing_url: str, method: str
) -> None:
    for body in ({"title": "a"}, {}):
        assert api.problem(404, method, missing_url, body)["detail"] == "There is no such task."
