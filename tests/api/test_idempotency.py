"""Tests of POST with an Idempotency-Key."""

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from tasks.api.examples import ALL_FIELDS
from tasks.models import DEFAULTS, Task
from tasks.queries import MAX_CREATE_ATTEMPTS, UserTasks
from tests.support.client import API, OWNER, STRANGER, TASKS
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db

BODY = ALL_FIELDS


def test_repeated_create_returns_the_existing_task(api: API) -> None:
    first = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    replayed = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    assert "Idempotent-Replayed" not in first
    assert replayed["Idempotent-Replayed"] == "true"
    assert replayed.content == first.content
    for name in ("Location", "ETag", "Cache-Control", "Content-Type"):
        assert replayed[name] == first[name]
    assert Task.objects.count() == 1
    assert Task.objects.get().id.version == 5


def test_bodies_are_compared_after_validation(api: API) -> None:
    api.send(201, "POST", TASKS, {"title": "a"}, idempotency_key="k")
    for body in (
        {"title": " a "},
        {"title": "a", **DEFAULTS},
        {"completed": False, "title": "a", "id": "ignored"},
    ):
        api.send(201, "POST", TASKS, body, idempotency_key="k")


@pytest.mark.parametrize(
    "body",
    [
        BODY | {"title": "Buy bread"},
        BODY | {"description": ""},
        *(BODY | {name: value} for name, value in DEFAULTS.items()),
        *({each: BODY[each] for each in BODY if each != name} for name in DEFAULTS),
    ],
)
def test_different_body_returns_422_while_the_task_is_unchanged(api: API, body: object) -> None:
    api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    problem = api.problem(422, "POST", TASKS, body, idempotency_key="k")
    assert problem["type"] == "/problems/idempotency-key-reused"


def test_repeated_create_returns_a_changed_task_as_changed(api: API) -> None:
    first = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    changed = api.send(200, "PATCH", first["Location"], {"title": "Buy bread"})
    for body in (BODY, {"title": "Anything"}):
        replayed = api.send(201, "POST", TASKS, body, idempotency_key="k")
        assert replayed.json() == changed.json()
        assert replayed["ETag"] == changed["ETag"]
        assert replayed["Location"] == first["Location"]
        assert replayed["Idempotent-Replayed"] == "true"


def test_deleted_task_is_created_again_with_the_same_id(api: API) -> None:
    first = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    api.send(204, "DELETE", first["Location"])
    second = api.send(201, "POST", TASKS, {"title": "New"}, idempotency_key="k")
    assert "Idempotent-Replayed" not in second
    assert second["Location"] == first["Location"]
    assert second.json()["title"] == "New"


def test_same_key_of_other_user_creates_another_task(api: API) -> None:
    own = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    other = api.send(201, "POST", f"/api/{STRANGER}/tasks", BODY, idempotency_key="k")
    assert "Idempotent-Replayed" not in other
    assert own.json()["id"] != other.json()["id"]


def test_each_key_creates_another_task(api: API) -> None:
    keys = ["k", "K", "k.", "!", "~", '"k"', "k,k", "x" * 255, "a/b", "%00"]
    ids = {api.send(201, "POST", TASKS, BODY, idempotency_key=key).json()["id"] for key in keys}
    assert len(ids) == len(keys) == Task.objects.count()


@pytest.mark.parametrize("key", ["", " ", "a b", "a\t", "ä", "a\x7f", "a\x00", "x" * 256, "k, k"])
def test_invalid_key_returns_400(api: API, key: str) -> None:
    detail = "Must be 1 to 255 visible ASCII characters."
    problem = api.problem(400, "POST", TASKS, BODY, idempotency_key=key)
    assert problem["detail"] == f"Idempotency-Key: {detail}"
    assert problem["errors"] == [
        {"header": "Idempotency-Key", "code": "invalid", "detail": detail}
    ]


def test_invalid_body_does_not_use_the_key(api: API) -> None:
    api.problem(400, "POST", TASKS, {"title": ""}, idempotency_key="k")
    assert "Idempotent-Replayed" not in api.send(201, "POST", TASKS, BODY, idempotency_key="k")


@pytest.mark.undistributed(reason="an id is unique among the tasks of a user, not of all users")
def test_create_fails_after_the_maximum_number_of_attempts(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    # With an id that another user's task has, no attempt can create or read the task.
    other = TaskFactory.create(user_id=STRANGER)
    message = f"^Task {other.id} was deleted 10 times during one request.$"
    with (
        django_assert_num_queries(2 * MAX_CREATE_ATTEMPTS),
        pytest.raises(OperationalError, match=message),
    ):
        UserTasks(OWNER).create_idempotent(other.id, title="a")
