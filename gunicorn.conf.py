"""How gunicorn serves: `gunicorn todo_project.wsgi` reads this file by itself."""

import gc
from typing import TYPE_CHECKING

from todo_project.environment import number, text

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

_host, _port = text("HOST", "127.0.0.1"), number("PORT", 8000, least=1, most=65535)

wsgi_app = "todo_project.wsgi"
bind = f"{_host}:{_port}"

# Threads, since a request mostly waits for the database. Workers times threads is the
# number of database connections.
worker_class = "gthread"
workers = number("WEB_CONCURRENCY", 2, least=1, most=64)
threads = number("GUNICORN_THREADS", 4, least=1, most=64)

# Room for the longest user id and search text, percent-encoded (the default is 4094).
limit_request_line = 8190

# Load once, before the fork: a mistake in the settings stops the start instead of
# restarting workers for ever, and the workers share the memory of the code.
preload_app = True

# A socket for each worker: the kernel spreads the connections evenly, where a shared one can
# leave all keep-alive connections to one worker. The cost: connections that wait in the queue
# of a worker that stops are reset, not served by another.
reuse_port = True

# Longer than a load balancer keeps an idle connection (60 s is common), so that it never
# sends a request into a connection that is just being closed.
keepalive = 75

# The heartbeat is a file; on a disk it can block the worker
# (https://docs.gunicorn.org/en/stable/faq.html#blocking-os-fchmod).
worker_tmp_dir = "/dev/shm"  # noqa: S108

# The socket for `gunicornc` is a door that nobody here uses.
control_socket_disable = True

# The service writes its own line for each request; see todo_project/middleware.py.
accesslog = None


def when_ready(server: "Arbiter") -> None:
    """Say where to look, and leave the code out of every garbage collection to come.

    What is loaded now stays for ever. Frozen, it is not searched again and again, and the
    workers do not copy its pages (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    gc.collect()
    gc.freeze()
    server.log.info("API documentation  http://%s/docs", bind)  # type: ignore[union-attr]
    server.log.info("Admin              http://%s/admin/", bind)  # type: ignore[union-attr]
