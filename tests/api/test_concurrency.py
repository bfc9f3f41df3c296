"""Tests of concurrent requests, each on a database connection of its own."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import now

from tasks.api.examples import ALL_FIELDS
from tasks.models import DEFAULTS, Task
from tasks.queries import UserTasks
from tests.support.client import API, TASKS, task_url
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {"title": "a"}


def run_concurrently(count: int, call: Callable[[int], Any]) -> list[Any]:
    """Call the function in `count` threads that start together; return the results."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        try:
            with connection.cursor():  # connect first, so that all start together
                barrier.wait(timeout=30)
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def request(method: str, path: str, body: object = None, **headers: str) -> Any:
    """Send a request with a client of its own, because a client is not thread-safe."""
    return API().call(method, path, body, **headers)


def test_40_toggles_change_completed_40_times() -> None:
    future = now() + timedelta(days=1)  # as if the clock had been set back
    task = TaskFactory.create(updated_at=future)
    responses = run_concurrently(40, lambda _: request("PATCH", f"{task_url(task)}/complete"))
    assert [response.status_code for response in responses] == [200] * 40
    tasks = sorted((response.json() for response in responses), key=lambda row: row["updated_at"])
    assert [row["completed"] for row in tasks] == [True, False] * 20
    assert [datetime.fromisoformat(row["updated_at"]) for row in tasks] == [
        future + timedelta(microseconds=number + 1) for number in range(40)
    ]


def test_one_of_20_conditional_updates_succeeds() -> None:
    task = TaskFactory.create()
    etag = request("GET", task_url(task))["ETag"]
    responses = run_concurrently(
        20,
        lambda number: request("PATCH", task_url(task), {"title": f"by {number}"}, if_match=etag),
    )
    assert Counter(response.status_code for response in responses) == {200: 1, 412: 19}
    [updated] = [response.json() for response in responses if response.status_code == 200]
    for response in responses:
        assert response.status_code == 200 or response.json()["current"] == updated
    assert request("GET", task_url(task)).json() == updated


def test_30_creates_with_one_key_create_one_task() -> None:
    responses = run_concurrently(30, lambda _: request("POST", TASKS, BODY, idempotency_key="k"))
    assert [response.status_code for response in responses] == [201] * 30
    assert Counter(response.get("Idempotent-Replayed") for response in responses) == {
        None: 1,
        "true": 29,
    }
    assert len({response.content for response in responses}) == 1
    assert Task.objects.count() == 1


def test_updates_of_different_fields_are_all_kept() -> None:
    task = TaskFactory.create()
    changes = [{name: value} for name, value in ALL_FIELDS.items()]
    for _ in range(5):
        responses = run_concurrently(
            len(changes), lambda number: request("PUT", task_url(task), changes[number])
        )
        assert {response.status_code for response in responses} == {200}
        edited = request("GET", task_url(task)).json()
        assert edited == edited | ALL_FIELDS
        assert len({response.json()["updated_at"] for response in responses}) == len(changes)
        UserTasks(task.user_id).update(task.id, title="old", **DEFAULTS)


def test_update_does_not_restore_a_deleted_task() -> None:
    for _ in range(5):
        task = TaskFactory.create()
        responses = run_concurrently(
            4,
            lambda number, task=task: (  # type: ignore[misc]
                request("DELETE", task_url(task))
                if number == 0
                else request("PATCH", task_url(task), {"title": "again"})
            ),
        )
        assert responses[0].status_code == 204
        assert {response.status_code for response in responses[1:]} <= {200, 404}
        assert not Task.objects.filter(id=task.id).exists()


def test_creates_and_deletes_with_one_key_leave_at_most_one_task() -> None:
    first = request("POST", TASKS, BODY, idempotency_key="k")
    responses = run_concurrently(
        12,
        lambda number: (
            request("DELETE", first["Location"])
            if number % 2
            else request("POST", TASKS, BODY, idempotency_key="k")
        ),
    )
    creates = responses[::2]
    assert {response.status_code for response in creates} == {201}
    created = 1 + sum("Idempotent-Replayed" not in response for response in creates)
    deleted = sum(response.status_code == 204 for response in responses)
    assert Task.objects.count() == created - deleted
    assert {response["Location"] for response in creates} == {first["Location"]}
