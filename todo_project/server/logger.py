"""gunicorn's log, which contains nothing about requests.

Its access log, which Heroku and Render turn on by GUNICORN_CMD_ARGS, has the path and the query.
A configuration file could not turn it off: GUNICORN_CMD_ARGS takes precedence.
"""

from typing import Any

from gunicorn.glogging import Logger


class ProcessLogger(Logger):
    """Log what happens to the processes. The service has an access log of its own."""

    def access(self, *_: Any) -> None:
        """Log nothing, whatever `--access-logfile` and `--access-logformat` say."""

    def debug(self, *_: Any, **__: Any) -> None:
        """Log nothing: the debug level has each method and path."""
