"""Many clients at once, each with a connection of its own."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import now

from tasks.models import Task
from tasks.queries import UserTasks
from tests.support.client import API, TASKS, task_url
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Let `count` threads act at the same moment; return what each returns."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        try:
            with connection.cursor():  # connect first, so that all start together
                barrier.wait(timeout=30)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def request(*arguments: Any, **headers: str) -> Any:
    """Send a request whatever its status, with a client of its own."""
    method, path, body = (*arguments, None)[:3]
    return API().generic(
        method,
        path,
        b"" if body is None else body,
        content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def test_40_toggles_flip_40_times() -> None:
    future = now() + timedelta(days=1)  # a clock that was set back since
    task = TaskFactory.create(updated_at=future)
    answers = at_once(40, lambda _: request("PATCH", f"{task_url(task)}/complete"))
    assert [answer.status_code for answer in answers] == [200] * 40
    bodies = sorted((answer.json() for answer in answers), key=lambda body: body["updated_at"])
    assert [body["completed"] for body in bodies] == [True, False] * 20
    assert [datetime.fromisoformat(body["updated_at"]) for body in bodies] == [
        future + timedelta(microseconds=number + 1) for number in range(40)
    ]


def test_of_20_conditional_edits_one_succeeds() -> None:
    task = TaskFactory.create()
    tag = request("GET", task_url(task))["ETag"]
    answers = at_once(
        20,
        lambda number: request(
            "PATCH", task_url(task), b'{"title": "by %d"}' % number, if_match=tag
        ),
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 19}
    [winner] = [answer.json() for answer in answers if answer.status_code == 200]
    for answer in answers:
        assert answer.status_code == 200 or answer.json()["current"] == winner
    assert request("GET", task_url(task)).json() == winner


def test_30_creates_with_one_key_make_one_task() -> None:
    answers = at_once(30, lambda _: request("POST", TASKS, b'{"title": "a"}', idempotency_key="k"))
    assert [answer.status_code for answer in answers] == [201] * 30
    assert Counter(answer.get("Idempotent-Replayed") for answer in answers) == {
        None: 1,
        "true": 29,
    }
    assert len({answer.content for answer in answers}) == 1
    assert Task.objects.count() == 1


def test_edits_of_different_fields_all_survive() -> None:
    task = TaskFactory.create()
    changes = [b'{"title": "new"}', b'{"description": "new"}', b'{"completed": true}']
    for _ in range(5):
        answers = at_once(3, lambda number: request("PUT", task_url(task), changes[number]))
        assert [answer.status_code for answer in answers] == [200] * 3
        row = UserTasks(task.user_id).get(task.id)
        assert (row["title"], row["description"], row["completed"]) == ("new", "new", True)
        assert len({answer.json()["updated_at"] for answer in answers}) == 3
        UserTasks(task.user_id).update(task.id, title="old", description=None, completed=False)


def test_an_edit_never_brings_a_deleted_task_back() -> None:
    for _ in range(5):
        task = TaskFactory.create()
        answers = at_once(
            4,
            lambda number, task=task: (  # type: ignore[misc]
                request("DELETE", task_url(task))
                if number == 0
                else request("PATCH", task_url(task), b'{"title": "again"}')
            ),
        )
        assert answers[0].status_code == 204
        assert {answer.status_code for answer in answers[1:]} <= {200, 404}
        assert not Task.objects.filter(id=task.id).exists()


def test_creates_and_deletes_with_one_key_leave_one_task_or_none() -> None:
    first = request("POST", TASKS, b'{"title": "a"}', idempotency_key="k")
    answers = at_once(
        12,
        lambda number: (
            request("DELETE", first["Location"])
            if number % 2
            else request("POST", TASKS, b'{"title": "a"}', idempotency_key="k")
        ),
    )
    creates = [answer for number, answer in enumerate(answers) if number % 2 == 0]
    assert {answer.status_code for answer in creates} == {201}
    created = 1 + sum("Idempotent-Replayed" not in answer for answer in creates)
    deleted = sum(answer.status_code == 204 for answer in answers)
    assert Task.objects.count() == created - deleted
    assert {answer["Location"] for answer in creates} == {first["Location"]}
