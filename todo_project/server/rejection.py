"""Responses to what never reaches the application, and the log lines about it.

gunicorn would log the request line or a header, which contain user ids and searches.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from gunicorn import util
from gunicorn.workers.base import Worker

from todo_project.http.request_id import choose_request_id, current_request_id
from todo_project.server.connection import BufferedSocket

log = logging.getLogger(__name__)


def reject(sock: BufferedSocket, status: HTTPStatus) -> None:
    """Respond to a request that is too slow or too large."""
    _log(status.phrase)
    util.write_error(sock, status, status.phrase, status.description)


def reject_invalid(cfg: Any, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
    """Respond to a request that gunicorn cannot parse, as gunicorn does."""
    _log(type(exc).__name__)
    worker: Any = SimpleNamespace(cfg=cfg, log=_SilentLog())
    Worker.handle_error(worker, req, client, addr, exc)


def _log(reason: str) -> None:
    token = current_request_id.set(choose_request_id())
    log.warning("rejected: %s", reason)
    current_request_id.reset(token)


class _SilentLog:
    """A gunicorn log that drops everything."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return _drop


def _drop(*_: Any, **__: Any) -> None:
    pass
