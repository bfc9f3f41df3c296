"""Tests that the ledger of the soak test counts lost, doubled and wrong writes, and no others."""

from typing import Any
from uuid import uuid4

import pytest

from tests.soak.entry import FLIP, Entry, Task
from tests.soak.ledger import Ledger

pytestmark = pytest.mark.once

CREATED = "2026-02-06T10:30:00Z"
EDITED = "2026-02-06T10:30:00.000001Z"  # later, although not in alphabetical order
EDITED_AGAIN = "2026-02-06T10:30:00.000002Z"
MILK, OAT_MILK = {"title": "Milk"}, {"title": "Oat milk"}
COMPLETED = {"completed": True}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger("alice")


@pytest.fixture
def entry(ledger: Ledger) -> Entry:
    """Return a task whose create was acknowledged."""
    body = ledger.new_task()
    return ledger.created(body, stored(body))


def stored(body: Task, **fields: Any) -> Task:
    """Return the row of a new task."""
    return {
        "id": str(uuid4()),
        "user_id": "alice",
        **body,
        "completed": False,
        "created_at": CREATED,
        "updated_at": CREATED,
        **fields,
    }


def edited(entry: Entry, updated_at: str = EDITED, **fields: Any) -> Task:
    """Return the row after a change."""
    return entry.task | {"updated_at": updated_at, **fields}


def test_acknowledged_writes_in_database_are_no_fault(ledger: Ledger, entry: Entry) -> None:
    ledger.changed(entry, MILK, edited(entry, **MILK))
    ledger.changed(entry, FLIP, edited(entry, EDITED_AGAIN, completed=True))
    body = ledger.new_task()
    ledger.removed(ledger.created(body, stored(body)))
    ledger.compare([entry.task])
    assert ledger.acknowledged == {"create": 2, "edit": 1, "toggle": 1, "delete": 1}
    assert ledger.faults == {}
    assert ledger.examples == []


def test_absent_create_is_lost(ledger: Ledger, entry: Entry) -> None:
    ledger.compare([])
    assert ledger.faults == {"lost": 1}
    assert ledger.examples == [f"lost: alice: {entry.task} is missing"]


def test_404_for_existing_task_is_lost(ledger: Ledger, entry: Entry) -> None:
    ledger.missing(entry)
    ledger.compare([])
    assert ledger.faults == {"lost": 1}


def test_earlier_state_of_edited_task_is_lost(ledger: Ledger, entry: Entry) -> None:
    before = entry.task
    ledger.changed(entry, MILK, edited(entry, **MILK))
    ledger.compare([before])
    assert ledger.faults == {"lost": 1}


def test_earlier_state_in_failed_precondition_is_lost(ledger: Ledger, entry: Entry) -> None:
    before = entry.task
    ledger.changed(entry, MILK, edited(entry, **MILK))
    ledger.precondition_failed(entry, before)
    assert ledger.faults == {"lost": 1}


def test_deleted_task_in_database_is_lost(ledger: Ledger, entry: Entry) -> None:
    ledger.removed(entry)
    ledger.compare([entry.task])
    assert ledger.faults == {"lost": 1}


def test_second_row_of_create_is_doubled(ledger: Ledger, entry: Entry) -> None:
    ledger.compare([entry.task, entry.task | {"id": str(uuid4())}])
    assert ledger.faults == {"doubled": 1}


def test_second_row_of_deleted_task_is_doubled(ledger: Ledger, entry: Entry) -> None:
    ledger.removed(entry)
    ledger.compare([entry.task | {"id": str(uuid4())}])
    assert ledger.faults == {"doubled": 1}


def test_second_row_of_create_without_response_is_doubled(ledger: Ledger) -> None:
    body = ledger.new_task()
    ledger.unanswered.add(body["description"])
    ledger.compare([stored(body), stored(body)])
    assert ledger.faults == {"doubled": 1}


@pytest.mark.parametrize("rows", [0, 1])
def test_create_without_response_may_exist(ledger: Ledger, rows: int) -> None:
    body = ledger.new_task()
    ledger.unanswered.add(body["description"])
    ledger.compare([stored(body)] * rows)
    assert (ledger.faults, ledger.found) == ({}, rows)


def test_replayed_create_is_right_only_after_a_request_without_response(ledger: Ledger) -> None:
    body = ledger.new_task()
    ledger.unanswered.add(body["description"])
    entry = ledger.created(body, stored(body), replayed=True)
    assert (ledger.faults, entry.is_uncertain, ledger.unanswered) == ({}, True, set())
    body = ledger.new_task()
    ledger.created(body, stored(body), replayed=True)
    assert ledger.faults == {"wrong": 1}


@pytest.mark.parametrize(
    "field", [MILK, COMPLETED, {"user_id": "bob"}, {"updated_at": EDITED}, {"extra": 1}]
)
def test_created_task_that_differs_from_request_is_wrong(ledger: Ledger, field: Task) -> None:
    body = ledger.new_task()
    ledger.created(body, stored(body) | field)
    assert ledger.faults == {"wrong": 1}


@pytest.mark.parametrize(
    "response",
    [
        {"title": "Milk", "completed": True},  # another field has changed
        {"title": "Milk", "created_at": EDITED},
        {"title": "Oat milk"},
        {"title": "Milk", "updated_at": CREATED},  # not later
        {"title": "Milk", "extra": 1},
    ],
)
def test_response_that_contradicts_ledger_is_wrong(
    ledger: Ledger, entry: Entry, response: Task
) -> None:
    ledger.changed(entry, MILK, edited(entry) | response)
    assert ledger.faults == {"wrong": 1}


def test_flip_that_does_not_flip_is_wrong(ledger: Ledger, entry: Entry) -> None:
    ledger.changed(entry, FLIP, edited(entry))
    assert ledger.faults == {"wrong": 1}


def test_failed_precondition_with_current_entity_tag_is_wrong(
    ledger: Ledger, entry: Entry
) -> None:
    ledger.precondition_failed(entry, entry.task)
    assert ledger.faults == {"wrong": 1}


@pytest.mark.parametrize("row", [{"title": "Milk"}, {"title": "Milk", "updated_at": EDITED}])
def test_row_that_no_request_wrote_is_wrong(ledger: Ledger, entry: Entry, row: Task) -> None:
    ledger.compare([entry.task | row])
    assert ledger.faults == {"wrong": 1}


@pytest.mark.parametrize(
    ("change", "row"), [(MILK, MILK), (COMPLETED, COMPLETED), (FLIP, COMPLETED)]
)
def test_change_without_response_may_be_stored(
    ledger: Ledger, entry: Entry, change: Task, row: Task
) -> None:
    before = entry.task
    entry.add_possible(change)
    ledger.read(entry, before)
    ledger.read(entry, edited(entry, **row))
    assert ledger.faults == {}


def test_change_without_response_may_be_stored_after_its_repetition(
    ledger: Ledger, entry: Entry
) -> None:
    entry.add_possible(MILK)
    ledger.changed(entry, OAT_MILK, edited(entry, **OAT_MILK))
    ledger.read(entry, edited(entry, EDITED_AGAIN, **MILK))
    assert ledger.faults == {}


def test_change_without_response_is_impossible_once_settled(ledger: Ledger, entry: Entry) -> None:
    entry.add_possible(MILK)
    settled = ledger.settle(entry, entry.task)
    assert not settled.is_uncertain
    ledger.compare([edited(settled, **MILK)])
    assert ledger.faults == {"wrong": 1}


@pytest.mark.parametrize("rows", [0, 1])
def test_delete_without_response_may_be_executed(ledger: Ledger, entry: Entry, rows: int) -> None:
    entry.may_be_deleted = True
    ledger.compare([entry.task] * rows)
    assert ledger.faults == {}
