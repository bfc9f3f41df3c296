"""A keep-alive HTTP client, for servers that may stop at any time."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from ssl import SSLContext
from typing import Any

TIMEOUT = 30
"""Seconds to wait for a response, as long as a platform's router does."""

CONNECTION_ERRORS = (OSError, HTTPException)
"""The connection fails, or the response is incomplete."""


@dataclass(frozen=True)
class Response:
    """A complete response."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


class Client:
    """A keep-alive connection, which is reopened after the server has closed it.

    With `tls` it uses HTTPS.
    """

    def __init__(self, port: int, tls: SSLContext | None = None) -> None:
        self._connection = (
            HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT, context=tls)
            if tls
            else HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        )

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        """Send a request and return the response; raise one of CONNECTION_ERRORS if it fails."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            named["Content-Type"] = "application/json"
        try:
            self._connection.request(method, path, content, named)
            response = self._connection.getresponse()
            return Response(response.status, response.headers, response.read())
        except CONNECTION_ERRORS:
            self.close()
            raise

    def send_lines(self, method: str, path: str, headers: Sequence[tuple[str, str]]) -> int:
        """Send a request in which headers may be repeated; return the status."""
        self._connection.putrequest(method, path)
        for name, value in headers:
            self._connection.putheader(name, value)
        with suppress(ConnectionError):  # the server may reject the headers before their end
            self._connection.endheaders()
        response = self._connection.getresponse()
        response.read()
        return response.status

    @property
    def local_port(self) -> int:
        """Return the port of this end of the connection."""
        port: int = self._connection.sock.getsockname()[1]
        return port

    def disable_reconnect(self) -> None:
        """Raise NotConnected instead of opening another connection."""
        self._connection.auto_open = 0

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def create_task(client: Client, user_id: str) -> Response:
    """Create a task of the user."""
    return client.send("POST", f"/api/{user_id}/tasks", {"title": "Buy milk"})


def statuses(client: Client, *paths: str) -> list[int]:
    """Return the status of a GET of each path."""
    return [client.send("GET", path).status for path in paths]
