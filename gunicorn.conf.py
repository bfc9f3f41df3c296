"""The configuration of gunicorn, which reads this file by itself: run `gunicorn`."""

import gc
import logging
import os
import re
import tempfile
from typing import TYPE_CHECKING

from todo_project import settings
from todo_project.environment import env_int, env_str, exit_with_error
from todo_project.http.request_id import choose_request_id, current_request_id
from todo_project.server.logger import ProcessLogger
from todo_project.server.worker import BufferingWorker

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

_host = re.sub(r"^\[(.+)\]$", r"\1", env_str("HOST", "127.0.0.1"))
_port = env_int("PORT", 8000, minimum=1, maximum=65535)


class Worker(BufferingWorker):
    """The worker of the service."""

    max_body_size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    inline_paths = frozenset(["/healthz"])

    def on_tick(self) -> None:
        """Update the metrics that change without a request."""
        if settings.METRICS:
            processes.set_queued(self)

    def log_rejected(self, reason: str) -> None:
        """Log in the format of the service, and with a request id."""
        token = current_request_id.set(choose_request_id())
        logging.getLogger("todo_project.server").warning("rejected: %s", reason)
        current_request_id.reset(token)


def _temporary_directory() -> str:
    """Return the directory for temporary files that Python finds."""
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        exit_with_error(
            "TMPDIR", "is not writable, nor is /tmp; set it, or mount a tmpfs at /tmp."
        )


wsgi_app = "todo_project.wsgi"
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"

# Threads, since a request mostly waits for the database. Workers times threads is the maximum
# number of database connections.
worker_class = Worker
workers = settings.WEB_CONCURRENCY
threads = settings.GUNICORN_THREADS

# Load the application once, before the fork: an error in it stops the start instead of
# restarting workers forever, and the workers share the memory of the code.
preload_app = True

# Longer than a router keeps an idle connection (AWS 60 s, Heroku 90 s), so that a router never
# sends a request on a connection that is just being closed
# (https://devcenter.heroku.com/articles/http-routing#keepalives).
keepalive = 95

# Shorter than the 30 s between SIGTERM and SIGKILL on Heroku and Render.
graceful_timeout = 20

# `timeout` keeps its default: it detects a worker whose main loop hangs. It never ends a request
# on a thread; the timeouts of the database do that (todo_project/database/url.py).

# Room for the longest user id and search text, percent-encoded (the default is 4094). The
# defaults for headers, 100 of 8190 bytes each, are enough.
limit_request_line = 8190

# Ignore headers about the scheme and the path: Django evaluates them, if BEHIND_PROXY is set.
# gunicorn trusts every peer on a Unix socket. `*` saves the comparison of the others' addresses,
# and is right only as long as no header is named.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = "*"

# The heartbeat is a file; on a disk it can block the worker
# (https://docs.gunicorn.org/en/stable/faq.html#blocking-os-fchmod). macOS has no /dev/shm, and a
# container may hide it.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else _temporary_directory()  # noqa: S108

# Do not open the control socket of `gunicornc`, which is not used here.
control_socket_disable = True

# The worker sends every response itself (todo_project/server/connection.py).
sendfile = False

# The service writes its own access log (todo_project/middleware/access_log.py).
accesslog = None
logger_class = ProcessLogger


if settings.METRICS:
    from todo_project.metrics import processes

    # Like the heartbeat, the files with the values should not be on a disk.
    processes.prepare(worker_tmp_dir)
    pre_fork = processes.pre_fork
    post_fork = processes.post_fork
    child_exit = processes.child_exit
    on_exit = processes.on_exit


def when_ready(server: "Arbiter") -> None:
    """Log the URLs, and exclude the loaded code from all later garbage collections.

    The code stays in memory anyway. Frozen, it is not traversed again and again, and the workers
    do not copy its pages (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    gc.collect()
    gc.freeze()
    info = server.log.info  # type: ignore[union-attr]
    for address in [str(each) for each in server.LISTENERS if str(each).startswith("http")]:
        info("API documentation  %s/docs", address)
        info("Admin              %s/admin/", address)
    if settings.BEHIND_PROXY:
        info(
            "Plain HTTP is rejected by the API, and redirected to HTTPS elsewhere; without a "
            "proxy that sets X-Forwarded-Proto, set BEHIND_PROXY=false"
        )
