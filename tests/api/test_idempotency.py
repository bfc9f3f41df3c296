"""A create that is safe to repeat."""

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task
from tasks.queries import MAX_CREATE_ATTEMPTS, UserTasks
from tests.support.client import API, OWNER, STRANGER, TASKS
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db

BODY = {"title": "Buy milk", "description": "Two", "completed": True}


def test_a_repeated_create_creates_nothing(api: API) -> None:
    first = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    again = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    for name in ("Location", "ETag", "Cache-Control", "Content-Type"):
        assert again[name] == first[name]
    assert Task.objects.count() == 1
    assert Task.objects.get().id.version == 5


def test_the_body_is_compared_by_what_it_means(api: API) -> None:
    api.send(201, "POST", TASKS, {"title": "a"}, idempotency_key="k")
    for body in (
        {"title": " a "},
        {"title": "a", "description": None, "completed": False},
        {"completed": False, "title": "a", "id": "ignored"},
    ):
        api.send(201, "POST", TASKS, body, idempotency_key="k")


@pytest.mark.parametrize(
    "body",
    [
        BODY | {"title": "Buy bread"},
        BODY | {"description": ""},
        BODY | {"completed": False},
        {"title": "Buy milk"},
    ],
)
def test_another_body_is_refused_while_the_task_is_as_created(api: API, body: object) -> None:
    api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    problem = api.problem(422, "POST", TASKS, body, idempotency_key="k")
    assert problem["type"] == "/problems/idempotency-key-reused"


def test_a_repetition_answers_with_the_task_as_it_is_now(api: API) -> None:
    first = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    changed = api.send(200, "PATCH", first["Location"], {"title": "Buy bread"})
    for body in (BODY, {"title": "Anything"}):
        again = api.send(201, "POST", TASKS, body, idempotency_key="k")
        assert again.json() == changed.json()
        assert again["ETag"] == changed["ETag"]
        assert again["Location"] == first["Location"]
        assert again["Idempotent-Replayed"] == "true"


def test_a_deleted_task_is_created_anew_under_the_same_id(api: API) -> None:
    first = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    api.send(204, "DELETE", first["Location"])
    again = api.send(201, "POST", TASKS, {"title": "New"}, idempotency_key="k")
    assert "Idempotent-Replayed" not in again
    assert again["Location"] == first["Location"]
    assert again.json()["title"] == "New"


def test_another_users_same_key_is_another_task(api: API) -> None:
    mine = api.send(201, "POST", TASKS, BODY, idempotency_key="k")
    theirs = api.send(201, "POST", f"/api/{STRANGER}/tasks", BODY, idempotency_key="k")
    assert "Idempotent-Replayed" not in theirs
    assert mine.json()["id"] != theirs.json()["id"]


def test_every_key_is_another_task(api: API) -> None:
    keys = ["k", "K", "k.", "!", "~", '"k"', "k,k", "x" * 255, "a/b", "%00"]
    ids = {api.send(201, "POST", TASKS, BODY, idempotency_key=key).json()["id"] for key in keys}
    assert len(ids) == len(keys) == Task.objects.count()


@pytest.mark.parametrize("key", ["", " ", "a b", "a\t", "ä", "a\x7f", "a\x00", "x" * 256, "k, k"])
def test_a_key_that_is_none_is_refused(api: API, key: str) -> None:
    detail = "Must be 1 to 255 visible ASCII characters."
    problem = api.problem(400, "POST", TASKS, BODY, idempotency_key=key)
    assert problem["detail"] == f"Idempotency-Key: {detail}"
    assert problem["errors"] == [
        {"header": "Idempotency-Key", "code": "invalid", "detail": detail}
    ]


def test_a_key_does_not_excuse_a_bad_body(api: API) -> None:
    api.problem(400, "POST", TASKS, {"title": ""}, idempotency_key="k")
    assert "Idempotent-Replayed" not in api.send(201, "POST", TASKS, BODY, idempotency_key="k")


def test_an_id_that_never_becomes_free_is_not_waited_for_for_ever(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    taken = TaskFactory.create(user_id=STRANGER)
    reason = f"^Task {taken.id} was deleted 10 times during one request.$"
    with (
        django_assert_num_queries(2 * MAX_CREATE_ATTEMPTS),
        pytest.raises(OperationalError, match=reason),
    ):
        UserTasks(OWNER).create_idempotent(taken.id, title="a")
