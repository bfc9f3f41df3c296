"""From the URL of a database to Django's settings for it, with all timeouts.

Every wait is bounded: 10 s to connect, 10 s for a statement, of which 5 s for a lock, 15 s for
any response, 3 s for the response to a ping, 20 s until a silent network counts as broken, and
18 s for all of a request. With 10 s in the queue for a thread, that is less than the 30 s after
which the router of a platform gives up.
"""

import os
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url
import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from todo_project.environment import BASE_DIR, exit_with_error, quoted, summary

SESSION_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
    # psycopg parses times in no other style, and a role may have set one.
    "datestyle": "ISO",
    # Use the index. With the default, 4, meant for hard disks, the generic plan of a long page
    # sorts all tasks of the user: 38 ms instead of 0.24 ms for a user with 100,000 tasks.
    "random_page_cost": "1",
}
"""The settings of a session: set when it starts, or on the role if there is a pooler."""

RESPONSE_TIMEOUT = 15
"""Seconds to wait for any response. A server that hangs keeps no timeout, and a pooler has none
for clients that wait for a connection."""

CONNECT_TIMEOUT = 10
"""Seconds to connect: for the name resolution, and all addresses of all hosts."""

REQUEST_TIMEOUT = 18
"""Seconds from the start of a request after which it waits for the database no longer."""

MAX_AGE = 3600
"""Seconds after which a connection is replaced at the latest: the password may have changed, or
the host name may lead to another server while the former one still runs."""

TCP_OPTIONS = {
    "keepalives_idle": 10,  # s
    "keepalives_interval": 5,  # s
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,  # ms
}

INTEGER_OPTIONS = {*TCP_OPTIONS, "keepalives", "connect_timeout", "port"}
"""The options that libpq validates only when it connects."""

VALID_FORMS = "set it to postgresql://user:password@host/name or sqlite:///file."
PERCENT_ENCODE = (
    "percent-encode the user and the password (/ as %2F, ? as %3F, # as %23, @ as %40, [ as %5B), "
    "and check that the port is a number."
)
QUOTES = ("'", '"', "\u201c", "\u2018")
NEON_DOMAIN = ".neon.tech"
LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}
POSTGRESQL_ENGINE = "todo_project.database.postgresql"
SQLITE_ENGINE = "todo_project.database.sqlite"


def is_pooled(url: str) -> bool:
    """Return whether a host is named as poolers are: at Neon, and by operators for Kubernetes."""
    return any("-pooler" in host for host in _hosts(url))


def is_neon(url: str) -> bool:
    """Return whether all hosts are Neon's, whose pooler keeps prepared statements apart."""
    return all(host.endswith(NEON_DOMAIN) for host in _hosts(url))


def _hosts(url: str) -> list[str]:
    """Return the host names of a URL, which `host` in its query replaces; "" if it has none."""
    with suppress(ValueError):  # parse_database_url() reports it
        parts = urlsplit(url)
        [*_, hosts] = parse_qs(parts.query).get("host", [parts.netloc.rpartition("@")[2]])
        names = [unquote(re.sub(r":\d*$", "", host)) for host in hosts.split(",")]
        return [name.lower().removesuffix(".") for name in names]
    return [""]


def parse_database_url(
    variable: str,
    url: str,
    *,
    pooled: bool,
    prepare_threshold: int | None,
    migrates: bool = False,
) -> dict[str, Any]:
    """Return Django's settings for the database at `url`; end the process if it is not valid.

    `variable` is the name for the error message. `migrates`: statements may take any time. Several
    hosts are separated by commas, as in libpq. Connections are persistent, one per thread: opening
    one to a serverless database takes several round trips. There is no pool on this side: a pooler
    has one, and Django's does not survive gunicorn's fork.
    """
    parsed = _parse(variable, url)
    parsed |= {"CONN_MAX_AGE": MAX_AGE, "CONN_HEALTH_CHECKS": True}
    options: dict[str, Any] = parsed.setdefault("OPTIONS", {})
    match parsed["ENGINE"]:
        case "django.db.backends.postgresql":
            _reject_invalid_options(variable, parsed)
            parsed["ENGINE"] = POSTGRESQL_ENGINE
            parsed["POOLED"] = parsed["DISABLE_SERVER_SIDE_CURSORS"] = pooled
            parsed["OPTIONS"] = {
                "application_name": "todo-api",
                "connect_timeout": CONNECT_TIMEOUT,
                **TCP_OPTIONS,
                **_encryption(parsed),
                **options,
                **({} if pooled else _startup(options.get("options", ""), migrates=migrates)),
                # Prepared statements: plan a query once per connection, then only send values.
                "server_side_binding": True,
                "prepare_threshold": prepare_threshold,
                "response_timeout": None if migrates else RESPONSE_TIMEOUT,
            }
        case "django.db.backends.sqlite3":
            if parsed["NAME"] in {"", ":memory:"}:
                exit_with_error(
                    variable, f"names no file, so nothing would be stored; {VALID_FORMS}"
                )
            if options:
                reason = f"{quoted(min(options))} is not supported for SQLite"
                exit_with_error(variable, f"{reason}; remove it from the URL.")
            parsed["ENGINE"] = SQLITE_ENGINE
            # WAL: readers do not wait for the writer. Writers queue for up to 15 s instead of
            # failing (https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-notes).
            options |= {
                "init_command": "PRAGMA journal_mode=WAL",
                "timeout": 15,
                "transaction_mode": "IMMEDIATE",
            }
            parsed["NAME"] = str(BASE_DIR / parsed["NAME"])
            _reject_missing_directory(variable, os.path.dirname(parsed["NAME"]))  # noqa: PTH120
        case engine:
            exit_with_error(variable, f"{engine} is not supported; {VALID_FORMS}")
    return parsed


def describe_database(connection: BaseDatabaseWrapper) -> str:
    """Return the name and the host of the database, and nothing secret from its URL."""
    host = connection.get_connection_params().get("host") or "this machine"
    return f"{connection.settings_dict['NAME']} on {host}"


def _parse(variable: str, url: str) -> dict[str, Any]:
    """Parse the URL; dj_database_url supports only one host.

    A reserved character in the password ends the host early, and the rest of it would be taken for
    the path or the query. No message has a part of what may be the password.
    """
    if url.startswith(QUOTES):
        exit_with_error(variable, "is in quotes; remove the quotes.")
    try:
        parts = urlsplit(url)
        if "#" in url or ("@" in parts.path + parts.query and parts.scheme.startswith("p")):
            raise ValueError
        user, at, hosts = parts.netloc.rpartition("@")
        if "," not in hosts:
            return {**dj_database_url.parse(url)}
        addresses = [urlsplit(f"//{address}") for address in hosts.split(",")]
        return {
            **dj_database_url.parse(parts._replace(netloc=user + at).geturl()),
            "HOST": ",".join(unquote(address.hostname or "") for address in addresses),
            "PORT": ",".join(str(address.port or "") for address in addresses),
        }
    except dj_database_url.UnknownSchemeError:
        exit_with_error(variable, f"does not start with a known scheme; {VALID_FORMS}")
    except ValueError:
        exit_with_error(variable, f"cannot be read; {PERCENT_ENCODE}")


def _encryption(parsed: Mapping[str, Any]) -> dict[str, str]:
    """Require TLS for a remote host, unless the URL or libpq's environment configures it."""
    options = parsed["OPTIONS"]
    hosts = str(options.get("host") or parsed["HOST"]).split(",")
    configured = "PGSSLMODE" in os.environ or options.get("sslrootcert") == "system"
    if "system" in (options.get("sslrootcert"), os.environ.get("PGSSLROOTCERT")):
        _locate_system_certificates()
    remote = any(host not in LOCAL_HOSTS and not host.startswith("/") for host in hosts)
    return {"sslmode": "require"} if remote and not configured else {}


def _locate_system_certificates() -> None:
    """Tell libpq where the certificates of the system are, as Python knows it.

    The OpenSSL in psycopg's wheels looks in /usr/lib/psycopg-openssl, which no system has.
    """
    paths = ssl.get_default_verify_paths()  # those of the environment first
    found = {"SSL_CERT_FILE": paths.cafile, "SSL_CERT_DIR": paths.capath}
    os.environ |= {name: path for name, path in found.items() if path}


def _startup(options: str, *, migrates: bool) -> dict[str, str]:
    """Return the settings as libpq's `options`, followed by those of the URL, which win.

    A migration may run for long, but not wait for a lock for long.
    """
    settings = SESSION_SETTINGS | ({"statement_timeout": "0"} if migrates else {})
    defaults = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return {"options": f"{defaults} {options}".rstrip()}


def _reject_missing_directory(variable: str, directory: str) -> None:
    if not os.path.isdir(directory):  # noqa: PTH112 - Path.is_dir() fails if the name is too long
        exit_with_error(
            variable,
            f"the directory {quoted(directory)} does not exist; create it, or correct the path.",
        )


def _reject_invalid_options(variable: str, parsed: Mapping[str, Any]) -> None:
    """Validate integers, and let libpq validate the rest, without contacting the hosts."""
    given = parsed["OPTIONS"]
    if not parsed["NAME"] and "service" not in given:
        exit_with_error(variable, f"names no database; {VALID_FORMS}")
    for name in sorted(INTEGER_OPTIONS & given.keys()):
        if not re.fullmatch("-?[0-9]{1,9}(,[0-9]{1,9})*", str(given[name])):
            reason = f"{name}={quoted(str(given[name]))} is not an integer"
            exit_with_error(variable, f"{reason}; correct it in the URL.")
    hosts = str(given.get("host") or parsed["HOST"]).split(",")
    port = given.get("port") or parsed["PORT"] or None
    # Without the name, libpq looks for the user of the process, who may have none in a container.
    user = given.get("user") or parsed["USER"] or None
    options = {**given, "host": ",".join("/" for _ in hosts), "port": port, "user": user}
    try:
        conninfo = make_conninfo(**options).encode()
    except psycopg.ProgrammingError as error:
        exit_with_error(variable, f"{summary(str(error))}; remove it from the URL.")
    # NO_ATTEMPT: the parameters are invalid, whatever the host
    # (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PQPINGPARAMS).
    if PGconn.ping(conninfo) == Ping.NO_ATTEMPT:
        reason = summary(PGconn.connect_start(conninfo).error_message.decode())
        exit_with_error(variable, f"{reason}; correct it in the URL.")
