"""Tests of the plans on hash partitions: each statement needs the partition of its user only.

The table is partitioned with the SQL of docs/scaling.md, in the transaction of the test.
"""

import re
from pathlib import Path

import pytest
from django.db import connection

from tasks.queries import MATCHES_NOTHING
from tests.support.admin import ADD_URL
from tests.support.api_requests import OTHER_USER, REQUESTS
from tests.support.client import API, OWNER, stored_rows
from tests.support.commands import export_tasks, import_tasks
from tests.support.distribution import partitioning
from tests.support.factories import TaskFactory
from tests.support.query_plans import Statement, fill, partitions, recorded, rows_read
from tests.support.stored_tasks import numbered, write

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db,
    pytest.mark.undistributed(reason="they test a table that is not distributed yet"),
]


@pytest.fixture
def partitioned(db: None) -> None:
    """Partition the table; it has tasks."""
    for user_id in (OWNER, OTHER_USER):
        TaskFactory.create(user_id=user_id)
    before = stored_rows()
    with connection.cursor() as cursor:
        for statement in partitioning():
            cursor.execute(statement)
    assert stored_rows() == before


def partition_of(user_id: str) -> str:
    """Return the name of the partition with the tasks of the user."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tableoid::regclass::text FROM tasks WHERE user_id = %s", [user_id]
        )
        [(name,)] = cursor.fetchall()
        return str(name)


@pytest.mark.usefixtures("partitioned")
def test_users_of_the_test_are_in_two_partitions() -> None:
    assert partition_of(OWNER) != partition_of(OTHER_USER)


def partitions_needed(statement: Statement, mode: str, user_id: str) -> set[str]:
    """Return the partitions that the plan of a statement on tasks of the user has to scan."""
    sql, params = statement
    is_insert = sql.startswith("INSERT")  # computes the partition from the row, and scans none
    # A check constraint tells the planner that no row has this time.
    is_contradiction = mode == "custom" and MATCHES_NOTHING in params
    return set() if is_insert or is_contradiction else {partition_of(user_id)}


@pytest.mark.usefixtures("partitioned")
@pytest.mark.parametrize("mode", ["custom", "generic"])
def test_statement_scans_the_partition_of_its_user_only(api: API, mode: str) -> None:
    for name, request in REQUESTS.items():
        user_id = OTHER_USER if "other user" in name else OWNER
        for statement in request.send(api):
            expected = partitions_needed(statement, mode, user_id)
            assert partitions(statement, mode) == expected, (name, statement)


@pytest.mark.usefixtures("partitioned")
def test_readiness_needs_no_partition(api: API) -> None:
    with recorded() as statements:
        api.send(200, "GET", "/readyz")
    on_tasks = [each for each in statements if 'FROM "tasks"' in each[0]]
    assert [partitions(each, "custom") for each in on_tasks] == [set(), set()]


@pytest.mark.usefixtures("partitioned")
def test_page_after_adding_a_task_needs_the_partition_of_its_user_only(admin: API) -> None:
    with recorded() as statements:
        location = admin.post(ADD_URL, {"user_id": OTHER_USER, "title": "New"})["Location"]
        assert admin.get(location).status_code == 200
    on_tasks = [each for each in statements if re.match('SELECT.* FROM "tasks"', each[0])]
    assert [partitions(each, "custom") for each in on_tasks] == [{partition_of(OTHER_USER)}] * 3


@pytest.mark.usefixtures("partitioned")
def test_export_reads_each_task_once() -> None:
    """With LIMIT alone, a statement would read a whole batch from each partition."""
    fill("user-0")
    with recorded() as statements:
        exported = export_tasks().count(b"\n")
    listing, *batches = statements
    assert rows_read(listing) == exported == 100_002
    assert sum(map(rows_read, batches)) == exported
    for statement in batches:
        if "BETWEEN" not in statement[0]:
            user_id = statement[1][0]
            assert partitions(statement, "custom") <= {partition_of(user_id)}


@pytest.mark.usefixtures("partitioned")
def test_import_looks_for_the_tasks_of_its_users_only(tmp_path: Path) -> None:
    """The key of the table is the user and the id, so two users can have the same id."""
    others = [row | {"user_id": OTHER_USER} for row in numbered(3)]
    file = write(tmp_path / "tasks.jsonl", numbered(3, user_id=OWNER))
    import_tasks(write(tmp_path / "other.jsonl", others))
    assert import_tasks(file)[0].endswith("created 3, already there 0.\n")
    with recorded() as statements:
        assert import_tasks(file) == (import_tasks(file)[0], "")
    selects = [each for each in statements if each[0].startswith("SELECT") and OWNER in each[1]]
    assert [partitions(each, "custom") for each in selects] == [{partition_of(OWNER)}] * 2
