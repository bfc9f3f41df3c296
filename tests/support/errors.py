"""Errors of the database, provoked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from django.db import connection


@contextmanager
def database_fails(error: type[Exception]) -> Iterator[None]:
    """Let each statement raise this error, with a message that no client may see."""

    def execute(*call: object) -> NoReturn:
        raise error("a secret")

    with connection.execute_wrapper(execute):
        yield
