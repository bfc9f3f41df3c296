"""gunicorn's log, which contains nothing about requests.

Its access log, which Heroku and Render turn on by GUNICORN_CMD_ARGS, has the path and the query.
A configuration file could not turn it off: GUNICORN_CMD_ARGS takes precedence.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from gunicorn.glogging import Logger


class UTCFormatter(logging.Formatter):
    """Writes times as RFC 3339 does, in UTC and with microseconds."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Return the time of the record."""
        return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


class ProcessLogger(Logger):
    """Log what happens to the processes. The service has an access log of its own."""

    def setup(self, cfg: Any) -> None:
        """Configure the loggers, and how those write times that do not leave it to syslog."""
        super().setup(cfg)
        handlers = self.error_log.handlers
        for handler in [each for each in handlers if isinstance(each, logging.StreamHandler)]:
            handler.setFormatter(UTCFormatter(self.error_fmt))

    def access(self, *_: Any) -> None:
        """Log nothing, whatever `--access-logfile` and `--access-logformat` say."""

    def debug(self, *_: Any, **__: Any) -> None:
        """Log nothing: the debug level has each method and path."""
