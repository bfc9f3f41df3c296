"""The configuration of gunicorn, which reads this file by itself: run `gunicorn`."""

import gc
import os
import socket
from typing import TYPE_CHECKING

from todo_project import settings
from todo_project.environment import env_int, env_str, exit_with_error
from todo_project.worker import DrainingWorker

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

_host, _port = env_str("HOST", "127.0.0.1"), env_int("PORT", 8000, minimum=1, maximum=65535)

wsgi_app = "todo_project.wsgi"
bind = f"{_host}:{_port}"

# Threads, since a request mostly waits for the database. Workers times threads is the maximum
# number of database connections.
worker_class = DrainingWorker
workers = settings.WEB_CONCURRENCY
threads = settings.GUNICORN_THREADS

# Load the application once, before the fork: an error in it stops the start instead of
# restarting workers forever, and the workers share the memory of the code.
preload_app = True

# A socket per worker: the kernel distributes connections evenly, whereas with a shared socket one
# worker may get all keep-alive connections. The cost: the connections queued for a worker that is
# killed are reset instead of being served by another.
reuse_port = True

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
forwarded_allow_ips = ""

# The heartbeat is a file; on a disk it can block the worker
# (https://docs.gunicorn.org/en/stable/faq.html#blocking-os-fchmod). macOS has no /dev/shm.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108

# Do not open the control socket of `gunicornc`, which is not used here.
control_socket_disable = True

# The service writes its own access log (todo_project/http/access_log.py).
accesslog = None


def on_starting(_server: "Arbiter") -> None:
    """Reject a port in use, which `reuse_port` would silently share with the other server."""
    with socket.socket(socket.AF_INET6 if ":" in _host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_host.strip("[]"), _port))
        except OSError as error:
            exit_with_error("PORT", f"{bind}: {error.strerror}; stop that server or set another.")


def when_ready(server: "Arbiter") -> None:
    """Log the URLs, and exclude the loaded code from all later garbage collections.

    The code stays in memory anyway. Frozen, it is not traversed again and again, and the workers
    do not copy its pages (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    gc.collect()
    gc.freeze()
    info = server.log.info  # type: ignore[union-attr]
    info("API documentation  http://%s/docs", bind)
    info("Admin              http://%s/admin/", bind)
    if settings.BEHIND_PROXY:
        info(
            "Plain HTTP is redirected to HTTPS; without a proxy that provides it, set "
            "BEHIND_PROXY=false"
        )
