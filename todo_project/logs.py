"""The lines on stderr: JSON, with the id of the request, and without anything else of it.

middleware/access_log.py writes to stdout.
"""

import logging
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

from todo_project.http.request_id import current_request_id
from todo_project.server.logger import UTCFormatter


class JSONFormatter(UTCFormatter, OrjsonFormatter):
    """Writes a record as a line of JSON."""


class DjangoFilter(logging.Filter):
    """For records of Django about requests, which quote paths, and the headers that name hosts.

    It passes exceptions only, and what was rejected for a reason of security.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log the record."""
        if record.name == "django.request":
            record.msg, record.args = "Exception outside a view", ()
            return record.exc_info is not None
        if record.name.startswith("django.security."):
            # After its "-", the reason of a failure of CSRF quotes Origin or Referer.
            arguments: Any = record.args or [record.name.removeprefix("django.security.")]
            reason = arguments[0].partition(" - ")[0]
            record.msg, record.args, record.exc_info = "Rejected: %s", (reason,), None
        return True


def add_request_id_to_log_records() -> None:
    """Set `request_id` on each log record that is created while a request is processed."""
    create = logging.getLogRecordFactory()

    def create_with_request_id(*args: Any, **options: Any) -> logging.LogRecord:
        record = create(*args, **options)
        if request_id := current_request_id.get(""):
            record.request_id = request_id
        return record

    logging.setLogRecordFactory(create_with_request_id)
