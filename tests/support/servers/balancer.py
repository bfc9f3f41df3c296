"""A TCP load balancer that sends new connections to one instance, which a test can change."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread


class Balancer(ThreadingTCPServer):
    """Forward new connections to the port `target`; established connections stay where they are.

    A platform's router does the same when a deployment replaces an instance.
    """

    request_queue_size = 128

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.port = self.socket.getsockname()[1]
        self.target = target


class _Connection(BaseRequestHandler):
    server: Balancer

    def handle(self) -> None:
        with (
            suppress(ConnectionRefusedError),  # as while all workers of the instance are killed
            socket.create_connection(("127.0.0.1", self.server.target)) as upstream,
        ):
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            responses = Thread(target=_forward, args=(upstream, self.request))
            responses.start()
            _forward(self.request, upstream)
            responses.join()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(ConnectionError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def balancer(target: int) -> Iterator[Balancer]:
    """Run a load balancer that forwards to this port."""
    with Balancer(target) as running:
        thread = Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()
