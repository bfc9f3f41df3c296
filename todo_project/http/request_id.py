"""The request id, which is on the response, in the access log, and in each log record."""

import re
from contextvars import ContextVar
from os import urandom

REQUEST_ID_PATTERN = re.compile(r"^[A-Za-z0-9._\-]{1,128}$")

current_request_id: ContextVar[str] = ContextVar("current_request_id")


def choose_request_id(sent: str = "") -> str:
    """Return the id that the client has sent if it is valid, else a new one."""
    return sent if REQUEST_ID_PATTERN.fullmatch(sent) else urandom(16).hex()
