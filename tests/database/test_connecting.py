"""Tests of the deadline for connecting: for the name resolution and for all addresses together."""

import socket
from collections.abc import Iterator
from threading import Event
from time import monotonic
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from tests.support.servers.gunicorn import database_url, wait_until
from todo_project.database.postgresql.connecting import connect_within, divide_timeout

pytestmark = pytest.mark.once

NAMES = {
    "one": ["192.0.2.1"],
    "three": ["192.0.2.3", "192.0.2.4", "2001:db8::5"],
    "192.0.2.9": ["192.0.2.9"],
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the name resolution of the system. It returns some addresses repeatedly."""

    def getaddrinfo(host: str, port: None, **kinds: int) -> list[tuple[Any, ...]]:
        if host not in NAMES:
            raise socket.gaierror("Name or service not known")
        return [(0, 0, 0, "", (address, 0)) for address in NAMES[host] * 2]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"host": "one", "hostaddr": "192.0.2.7"}, {}),
        ({"host": "/run"}, {"hostaddr": "", "port": ""}),
        ({"host": "one"}, {"hostaddr": "192.0.2.1", "port": ""}),
        ({"host": "192.0.2.9", "port": 5433}, {"hostaddr": "192.0.2.9", "port": "5433"}),
        ({"host": "one", "connect_timeout": 3}, {"hostaddr": "192.0.2.1", "port": ""}),
        (
            {"host": "one", "connect_timeout": 0},
            {"hostaddr": "192.0.2.1", "port": "", "connect_timeout": 10},
        ),
        (
            {"host": "three", "port": "5433"},
            {
                "host": "three,three,three",
                "hostaddr": "192.0.2.3,192.0.2.4,2001:db8::5",
                "port": "5433,5433,5433",
                "connect_timeout": 3,
            },
        ),
        (
            {"host": "one,missing,three,/run", "port": "1,2,,4"},
            {
                "host": "one,missing,three,three,three,/run",
                "hostaddr": "192.0.2.1,,192.0.2.3,192.0.2.4,2001:db8::5,",
                "port": "1,2,,,,4",
                "connect_timeout": 2,
            },
        ),
    ],
)
@pytest.mark.usefixtures("names")
def test_time_is_divided_among_all_addresses(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    params = {"dbname": "todo", "connect_timeout": 10} | given
    assert divide_timeout(params, 10) == params | expected


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Let the name resolution of the system wait for an event."""
    answered = Event()
    resolve = socket.getaddrinfo

    def getaddrinfo(*arguments: Any, **kinds: Any) -> Any:
        answered.wait()
        return resolve(*arguments, **kinds)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield answered
    answered.set()


@pytest.mark.django_db
@pytest.mark.usefixtures("answered")
def test_name_server_that_is_silent_is_not_waited_for() -> None:
    wrapper: Any = connection.copy()
    wrapper.settings_dict["HOST"] = "db.example.com"
    wrapper.deadline = monotonic() + 0.1
    with pytest.raises(OperationalError, match="connecting took longer than 0 s"):
        wrapper.ensure_connection()
    assert wrapper.connection is None


def test_connection_that_nobody_waits_for_is_closed() -> None:
    proceed, connections = Event(), []

    def connect() -> "psycopg.Connection[Any]":
        proceed.wait()
        connections.append(psycopg.connect(database_url()))
        return connections[0]

    with pytest.raises(psycopg.errors.ConnectionTimeout):
        connect_within(0.1, connect)
    proceed.set()
    wait_until(lambda: bool(connections and connections[0].closed))


def test_error_that_nobody_waits_for_is_ignored() -> None:
    proceed, failed = Event(), Event()

    def connect() -> "psycopg.Connection[Any]":
        proceed.wait()
        failed.set()
        raise psycopg.OperationalError

    with pytest.raises(psycopg.errors.ConnectionTimeout):
        connect_within(0.1, connect)
    proceed.set()
    assert failed.wait(30)


@pytest.mark.parametrize("error", [psycopg.OperationalError, TimeoutError])
def test_error_is_raised_to_the_caller(error: type[Exception]) -> None:
    def connect() -> "psycopg.Connection[Any]":
        raise error("cause")

    with pytest.raises(error, match="cause"):
        connect_within(30, connect)
