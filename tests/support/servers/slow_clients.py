"""Clients that hold connections and never complete a request, in a process of their own.

Run it by hand against a service: `python -m tests.support.servers.slow_clients PORT COUNT`.
"""

import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from todo_project.environment import BASE_DIR

HEAD = b"POST /api/mallory/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
STARTS = {
    "silent": b"",
    "half a request line": HEAD[:20],
    "headers without end": HEAD,
    "half a body": HEAD + b'Content-Length: 20\r\n\r\n{"title":',
    "half a chunk": HEAD + b'Transfer-Encoding: chunked\r\n\r\n14\r\n{"title":',
}
"""The kinds of clients, and what each sends before it stops."""

TRICKLE = {"headers without end": b"X-A: b\r\n"}
"""What a client sends every second to look alive."""


@contextmanager
def slow_clients(port: int, count: int) -> Iterator[None]:
    """Keep `count` connections of each kind open until the block ends."""
    command = [sys.executable, "-m", __name__, str(port), str(count)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"connected\n"
            yield
        finally:
            process.terminate()


class SlowClients:
    """Connections that are opened again as soon as the server closes them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.selector = selectors.DefaultSelector()

    def connect(self, kind: str) -> None:
        """Open a connection, and send the start of a request."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.sendall(STARTS[kind])
        connection.settimeout(0)
        self.selector.register(connection, selectors.EVENT_READ, kind)

    def run(self) -> None:
        """Reconnect closed connections, and let the others trickle, until the process ends."""
        while True:
            for key, _ in self.selector.select(timeout=1):
                with suppress(OSError):
                    if key.fileobj.recv(4096):  # type: ignore[union-attr]
                        continue
                self.selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                with suppress(OSError):
                    self.connect(key.data)
            for key in list(self.selector.get_map().values()):
                with suppress(OSError):
                    key.fileobj.send(TRICKLE.get(key.data, b""))  # type: ignore[union-attr]


def main(port: int, count: int) -> None:
    """Connect `count` clients of each kind, say so on stdout, and keep them connected."""
    clients = SlowClients(port)
    for kind in STARTS:
        for _ in range(count):
            clients.connect(kind)
    print("connected", flush=True)
    clients.run()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
