"""The request id, which is on the response, in the access log, and in each log record."""

import logging
import re
from contextvars import ContextVar
from secrets import token_hex
from typing import Any

REQUEST_ID_PATTERN = re.compile(r"^[A-Za-z0-9._\-]{1,128}$")

current_request_id: ContextVar[str] = ContextVar("current_request_id")


def choose_request_id(sent: str = "") -> str:
    """Return the id that the client has sent if it is valid, else a new one."""
    return sent if REQUEST_ID_PATTERN.fullmatch(sent) else token_hex(16)


def add_request_id_to_log_records() -> None:
    """Set `request_id` on each log record that is created while a request is processed."""
    create = logging.getLogRecordFactory()

    def create_with_request_id(*args: Any, **options: Any) -> logging.LogRecord:
        record = create(*args, **options)
        if request_id := current_request_id.get(""):
            record.request_id = request_id
        return record

    logging.setLogRecordFactory(create_with_request_id)


class DjangoRequestFilter(logging.Filter):
    """For the logger `django.request`: pass only exceptions, and without the path.

    Django logs each 4xx and 5xx with its path, which contains the user id.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log the record."""
        record.msg, record.args = "Exception outside a view", ()
        return record.exc_info is not None
