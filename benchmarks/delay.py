"""A network between service and database: a proxy that delays, and does nothing else.

It runs in a process of its own, so that it does not wait for the interpreter of others, and
stops when its standard input closes, however its parent ended.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from time import monotonic, sleep
from urllib.parse import parse_qs, urlsplit

ONE_WAY = 0.010
"""Seconds; a round trip is two of them."""

CHUNK = 64 * 1024

Delivery = tuple[float, bytes]


@contextmanager
def delayed(database_url: str) -> Iterator[str]:
    """Yield the URL under which the database, on its Unix socket, is a network away."""
    url = urlsplit(database_url)
    [directory] = parse_qs(url.query)["host"]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.delay", f"{directory}/.s.PGSQL.5432"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the benchmarks
    ) as proxy:
        assert proxy.stdin
        assert proxy.stdout
        try:
            port = int(proxy.stdout.readline())
            yield url._replace(netloc=f"postgres@127.0.0.1:{port}", query="").geturl()
        finally:
            proxy.stdin.close()


def accept(listener: socket.socket, database: str) -> None:
    """Connect each client to the database."""
    while True:
        near, _ = listener.accept()
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far = socket.socket(socket.AF_UNIX)
        far.connect(database)
        for source, target in ((near, far), (far, near)):
            parcels: SimpleQueue[Delivery] = SimpleQueue()
            Thread(target=collect, args=(source, parcels), daemon=True).start()
            Thread(target=deliver, args=(parcels, target), daemon=True).start()


def collect(source: socket.socket, parcels: "SimpleQueue[Delivery]") -> None:
    """Read ahead, so that what is on its way holds up nothing behind it."""
    chunk = b"first"
    while chunk:
        try:
            chunk = source.recv(CHUNK)
        except OSError:
            chunk = b""
        parcels.put((monotonic() + ONE_WAY, chunk))


def deliver(parcels: "SimpleQueue[Delivery]", target: socket.socket) -> None:
    """Hand over each chunk when it is due; the empty one is the end."""
    with suppress(OSError):
        while True:
            due, chunk = parcels.get()
            sleep(max(0.0, due - monotonic()))
            if not chunk:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(chunk)


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=accept, args=(listener, sys.argv[1]), daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        sys.stdin.read()
