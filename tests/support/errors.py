"""Errors: let the database fail, and find what the service logs about it."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from django.db import connection

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
"""A time as in RFC 3339, in UTC. All lines that the service writes have one."""


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


def written(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return what the handler for stderr has written for these records."""
    handlers = {handler.name: handler for handler in logging.getLogger("django").handlers}
    stderr = handlers["stderr"]
    return [json.loads(stderr.format(each)) for each in caplog.records if stderr.filter(each)]
