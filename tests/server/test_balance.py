"""Tests of how the workers share new connections."""

import time
from collections.abc import Iterator

import pytest

from tests.support.processes import run_python
from todo_project.server.balance import MAX_TURNS, SIGN_OF_LIFE, Share

pytestmark = pytest.mark.once


@pytest.fixture
def shares() -> Iterator[tuple[Share, Share]]:
    shares = Share(61), Share(62)
    yield shares
    for share in shares:
        share.end()


def test_worker_with_the_fewest_connections_takes_the_next(shares: tuple[Share, Share]) -> None:
    one, other = shares
    one.update(3)
    other.update(2)
    assert (one.takes_next(), other.takes_next()) == (False, True)
    other.update(3)
    assert (one.takes_next(), other.takes_next()) == (True, True)


def test_worker_takes_a_connection_that_no_other_takes(shares: tuple[Share, Share]) -> None:
    one, other = shares
    one.update(3)
    other.update(2)
    turns = [one.takes_next() for _ in range(2 * (MAX_TURNS + 1))]
    assert turns == 2 * [*MAX_TURNS * [False], True]


def test_worker_that_has_ended_or_hangs_does_not_count(
    monkeypatch: pytest.MonkeyPatch, shares: tuple[Share, Share]
) -> None:
    one, other = shares
    one.update(3)
    other.update(2)
    other.end()
    assert one.takes_next() is True
    other.update(2)
    assert one.takes_next() is False
    now = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: now + SIGN_OF_LIFE + 1)
    one.update(3)
    assert one.takes_next() is True


FORK = """
import os
from todo_project.server.balance import Share

one, other = Share(1), Share(2)
one.update(3)
if os.fork() == 0:
    other.update(2)
    os._exit(0)
os.wait()
print(one.takes_next())
"""


def test_shares_are_seen_by_other_processes() -> None:
    assert run_python("-c", FORK) == "False\n"
