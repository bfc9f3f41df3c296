"""A proxy in front of the database that delays all data, like a network.

It runs in a separate process, so that it never waits for another program's interpreter lock. It
stops when its stdin closes, which also happens if its parent is killed.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

ONE_WAY = 0.010
"""The delay in each direction, in seconds."""

CHUNK = 64 * 1024

DelayedChunk = tuple[float, bytes]


@contextmanager
def delayed_database(database_url: str) -> Iterator[str]:
    """Yield the URL of a delaying proxy to the database."""
    url = urlsplit(database_url)
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.delay", str(url.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # so that Ctrl-C interrupts only the benchmarks
    ) as proxy:
        assert proxy.stdin
        assert proxy.stdout
        try:
            port = int(proxy.stdout.readline())
            yield url._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()
        finally:
            proxy.stdin.close()


def accept(listener: socket.socket, port: int) -> None:
    """Accept connections, and forward each to the database."""
    while True:
        client, _ = listener.accept()
        upstream = socket.create_connection(("127.0.0.1", port))
        for each in (client, upstream):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, target in ((client, upstream), (upstream, client)):
            chunks: SimpleQueue[DelayedChunk] = SimpleQueue()
            Thread(target=receive, args=(source, chunks), daemon=True).start()
            Thread(target=forward, args=(chunks, target), daemon=True).start()


def receive(source: socket.socket, chunks: "SimpleQueue[DelayedChunk]") -> None:
    """Read and queue all data at once, so that a delayed chunk does not delay the next."""
    chunk = b"not the end"
    while chunk:
        try:
            chunk = source.recv(CHUNK)
        except OSError:
            chunk = b""
        chunks.put((monotonic() + ONE_WAY, chunk))


def forward(chunks: "SimpleQueue[DelayedChunk]", target: socket.socket) -> None:
    """Send each chunk when it is due; an empty chunk ends the connection."""
    with suppress(OSError):
        while True:
            due, chunk = chunks.get()
            sleep(max(0.0, due - monotonic()))
            if not chunk:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(chunk)


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=accept, args=(listener, int(sys.argv[1])), daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        sys.stdin.read()
