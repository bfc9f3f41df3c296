"""How gunicorn serves: `gunicorn todo_project.wsgi` reads this file by itself."""

import gc
import os
import socket
from typing import TYPE_CHECKING

from gunicorn.workers.gthread import ThreadWorker

from todo_project import settings
from todo_project.environment import number, refuse, text

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

_host, _port = text("HOST", "127.0.0.1"), number("PORT", 8000, least=1, most=65535)


class DrainingWorker(ThreadWorker):
    """gthread's worker, but one that stops listening as soon as it is told to stop.

    gthread's listens until its last connection has ended, and then resets those that nobody
    accepted meanwhile. Here they are accepted and served; later ones are refused, which a
    router may safely try elsewhere.
    """

    def set_accept_enabled(self, enabled: bool | None) -> None:  # noqa: FBT001
        """Start to accept connections, or cease; for good when it is to stop."""
        stops = not self.alive  # read once: the signal may come at any moment
        super().set_accept_enabled(enabled and not stops)
        while stops and self.sockets:
            listener = self.sockets.pop()
            accepted = -1
            while accepted != self.nr_conns:
                accepted = self.nr_conns
                self.accept(listener)
            listener.close()


wsgi_app = "todo_project.wsgi"
bind = f"{_host}:{_port}"

# Threads, since a request mostly waits for the database. Workers times threads is the
# number of database connections.
worker_class = DrainingWorker
workers = settings.WEB_CONCURRENCY
threads = settings.GUNICORN_THREADS

# Load once, before the fork: a mistake in the settings stops the start instead of
# restarting workers for ever, and the workers share the memory of the code.
preload_app = True

# A socket for each worker: the kernel spreads the connections evenly, where a shared one can
# leave all keep-alive connections to one worker. The cost: what waits in the queue of a worker
# that is killed is reset, not served by another.
reuse_port = True

# Longer than a router keeps an idle connection (AWS 60 s, Heroku 90 s), so that it never
# sends a request into a connection that is just being closed
# (https://devcenter.heroku.com/articles/http-routing#keepalives).
keepalive = 95

# Shorter than the 30 s after which Heroku and Render kill what they have told to stop.
graceful_timeout = 20

# `timeout` is left alone: it finds a worker whose main loop hangs. A request on a thread it
# never ends; that is what the timeouts of the database are for (todo_project/database_url.py).

# Room for the longest user id and search text, percent-encoded (the default is 4094); the
# defaults for headers, 100 of 8190 bytes each, suffice.
limit_request_line = 8190

# Believe no header about the scheme or the path: Django alone decides that, by BEHIND_PROXY.
forwarded_allow_ips = ""

# The heartbeat is a file; on a disk it can block the worker
# (https://docs.gunicorn.org/en/stable/faq.html#blocking-os-fchmod). macOS has no such place.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108

# The socket for `gunicornc` is a door that nobody here uses.
control_socket_disable = True

# The service writes its own line for each request; see todo_project/middleware.py.
accesslog = None


def on_starting(_server: "Arbiter") -> None:
    """Refuse a port in use, which `reuse_port` would share with the other server in silence."""
    with socket.socket(socket.AF_INET6 if ":" in _host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_host.strip("[]"), _port))
        except OSError as error:
            refuse("PORT", f"{bind}: {error.strerror}; stop what listens there or set another.")


def when_ready(server: "Arbiter") -> None:
    """Say where to look, and leave the code out of every garbage collection to come.

    What is loaded now stays for ever. Frozen, it is not searched again and again, and the
    workers do not copy its pages (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    gc.collect()
    gc.freeze()
    say = server.log.info  # type: ignore[union-attr]
    say("API documentation  http://%s/docs", bind)
    say("Admin              http://%s/admin/", bind)
    if settings.BEHIND_PROXY:
        say("Plain HTTP is sent to HTTPS, which a router ends; without one: BEHIND_PROXY=false")
