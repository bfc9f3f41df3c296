"""One deadline for the whole of connecting.

psycopg limits the time for each address of each host, and nothing limits that for the name
resolution of the system. So all of it runs in a thread. At the deadline the caller goes on without
it, and a connection that is established later is closed.
"""

import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from psycopg.errors import ConnectionTimeout

if TYPE_CHECKING:
    from psycopg import Connection

MIN_ADDRESS_TIMEOUT = 2
"""The minimum of psycopg and libpq for `connect_timeout`, in seconds."""


def connect_within(seconds: float, connect: Callable[[], "Connection[Any]"]) -> "Connection[Any]":
    """Return the new connection; raise ConnectionTimeout after these seconds."""
    connected: Future[Connection[Any]] = Future()
    Thread(target=_run, args=(connected, connect), daemon=True).start()
    try:
        return connected.result(seconds)
    except TimeoutError:
        if connected.cancel():
            raise ConnectionTimeout(f"connecting took longer than {seconds:.0f} s") from None
        return connected.result()


def _run(connected: "Future[Connection[Any]]", connect: Callable[[], "Connection[Any]"]) -> None:
    try:
        connection = connect()
    except BaseException as error:
        if connected.set_running_or_notify_cancel():
            connected.set_exception(error)
    else:
        if connected.set_running_or_notify_cancel():
            connected.set_result(connection)
        else:
            connection.close()


def divide_timeout(params: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Resolve the names of the hosts, and divide the seconds among all their addresses.

    libpq takes a list of hosts, and one of addresses and one of ports with the same length; the
    certificate of a server is still compared with the name
    (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-HOSTADDR).
    """
    if not params.get("host") or params.get("hostaddr"):
        return {**params}
    hosts = str(params["host"]).split(",")
    ports = str(params.get("port", "")).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    attempts = [
        (host, address, port)
        for host, port in zip(hosts, ports, strict=True)
        for address in _addresses(host)
    ]
    lists = dict(zip(("host", "hostaddr", "port"), map(",".join, zip(*attempts)), strict=True))  # noqa: B905
    share = max(MIN_ADDRESS_TIMEOUT, int(seconds / len(attempts)))
    given = int(params["connect_timeout"])  # 0: without a limit
    return {**params, **lists, "connect_timeout": min(given, share) if given > 0 else share}


def _addresses(host: str) -> list[str]:
    """Return the addresses of a host: "" for a socket, or for a name that psycopg will report."""
    if host and not host.startswith("/"):
        with suppress(OSError):
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(address) for *_, (address, *_) in found))
    return [""]
