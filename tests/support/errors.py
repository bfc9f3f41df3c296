"""Errors: let the database fail, and find what the service logs about it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
from django.db import connection


@contextmanager
def database_fails(error: type[Exception]) -> Iterator[None]:
    """Make every statement raise this error, with a message that no response may contain."""

    def execute(*call: object) -> NoReturn:
        raise error("a secret")

    with connection.execute_wrapper(execute):
        yield


def logged_errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the log records of level ERROR."""
    return [record for record in caplog.records if record.levelno == logging.ERROR]
