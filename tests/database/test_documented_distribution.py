"""Replay of the SQL in docs/scaling.md, as far as a PostgreSQL without Citus can execute it."""

import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection

from tests.support.client import API, OWNER, TASKS, stored_rows
from tests.support.distribution import documented_sql
from tests.support.documentation import SCALING, code_blocks
from tests.support.factories import TaskFactory
from tests.support.processes import start

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.undistributed(reason="they test a table that is not distributed yet"),
]

UNDEFINED_FUNCTION = "42883"


def migrate(*target: str) -> None:
    call_command("migrate", "tasks", *target, database="default", verbosity=0)


@pytest.fixture
def recreated_afterwards(transactional_db: None) -> Iterator[None]:
    """Drop the table and create it again after the test."""
    yield
    migrate("zero")
    migrate()


def run_statement(statement: str) -> str:
    """Execute a statement; return the SQLSTATE of its error, or an empty string."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return str(getattr(error.__cause__, "sqlstate", ""))
    return ""


def primary_key() -> str:
    """Return the definition of the primary key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'tasks_pkey'"
        )
        [(definition,)] = cursor.fetchall()
        return str(definition)


@pytest.mark.usefixtures("recreated_afterwards")
def test_statements_before_the_distribution_keep_tasks_and_keys(api: API) -> None:
    TaskFactory.create_batch(3, user_id=OWNER)
    key = {"idempotency_key": "k"}
    created = api.send(201, "POST", TASKS, {"title": "a"}, **key).json()
    before = stored_rows()
    *swap, distribution = documented_sql("create_distributed_table")
    assert list(map(run_statement, swap)) == ["", ""]
    assert run_statement(distribution) == UNDEFINED_FUNCTION
    assert primary_key() == "PRIMARY KEY (user_id, id)"
    assert stored_rows() == before
    repeated = api.send(201, "POST", TASKS, {"title": "a"}, **key)
    assert (repeated.json(), repeated["Idempotent-Replayed"]) == (created, "true")


@pytest.mark.usefixtures("recreated_afterwards")
def test_migrations_apply_after_the_primary_key_was_replaced() -> None:
    for statement in documented_sql("create_distributed_table")[:2]:
        run_statement(statement)
    TaskFactory.create(title="a")
    before = stored_rows()
    migrate("0001")
    migrate()
    assert stored_rows() == before
    assert primary_key() == "PRIMARY KEY (user_id, id)"


def test_other_statements_only_lack_the_functions_of_citus() -> None:
    blocks = [block for block in code_blocks(SCALING, "sql") if "CREATE" not in block]
    statements = [each.strip() for block in blocks for each in block.split(";") if each.strip()]
    assert len(statements) == 8
    assert {run_statement(each) for each in statements} == {UNDEFINED_FUNCTION}


def test_urls_for_several_coordinators_are_valid() -> None:
    [exports] = [block for block in code_blocks(SCALING, "sh") if "load_balance" in block]
    variables = dict(re.findall("export (\\w+)='(.*)'", exports))
    hosts = 's.DATABASES[{!r}]["HOST"]'
    both = f"{hosts.format('default')}, {hosts.format('unpooled')}"
    assert start(both, DEBUG="true", **variables) == (
        0,
        "('worker-1.internal,worker-2.internal,worker-3.internal', 'coordinator.internal')",
    )
