"""Tests of the SQL statements of every request: their number, their user and their plans."""

import re

import pytest
from django.db import connection

from tasks.models import Task
from tasks.queries import UserTasks
from tests.support.api_requests import OTHER_USER, REQUESTS
from tests.support.client import API, OWNER
from tests.support.query_plans import SLOW, fill, indexes, plans, seeks_to_cursor

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", REQUESTS)
def test_request_takes_expected_number_of_statements_on_one_user(api: API, name: str) -> None:
    request = REQUESTS[name]
    statements = request.send(api)
    assert len(statements) == request.statements
    for sql, params in statements:
        assert len(re.findall('INSERT .*INTO "tasks" .*"user_id"|"user_id" = ', sql)) == 1
        assert (OTHER_USER if "other user" in name else OWNER) in params


@pytest.mark.once
def test_times_of_a_list_are_in_utc_without_time_zone(task: Task) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'Asia/Tokyo'")
        [[row]] = UserTasks(task.user_id).list(1)
        cursor.execute("SET TIME ZONE 'UTC'")
    assert (row["created_at"], row["updated_at"]) == (
        task.created_at.replace(tzinfo=None),
        task.updated_at.replace(tzinfo=None),
    )


@pytest.mark.undistributed(reason="Citus does not show the plans of a prepared statement")
def test_cost_of_statements_does_not_grow_with_the_table(api: API) -> None:
    fill(OWNER)
    for name, request in REQUESTS.items():
        used: set[str] = set()
        for statement in request.send(api):
            for plan in plans(statement):
                assert [step for step in plan if SLOW.match(step)] == [], (name, statement)
                assert seeks_to_cursor(plan) == ("&cursor" in request.path), (name, plan)
                used |= indexes(plan)
        assert used == ({request.index} if request.index else set()), name
