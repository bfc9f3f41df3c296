"""What the URL of a database means: Django's settings for it, with the timeouts of the service.

Every wait has an end, and all of them together end before a platform's router gives up (30 s):
10 s to connect, 10 s for a statement, 5 s of them for a lock, 15 s for any answer, 3 s for that
to a ping, 20 s until a silent network is taken for dead.
"""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn

from todo_project.environment import BASE_DIR, refuse

SESSION = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
    # Follow the index. With the default, 4, for turning disks, a generic plan of a long page
    # sorts all that the user has: 38 ms instead of 0.24 ms for one with 100,000 tasks.
    "random_page_cost": "1",
}
"""What a session of the service is set to: at its start, or once on the role behind a pooler."""

MIGRATION = SESSION | {"statement_timeout": "0"}
"""The session of a migration: an index may take its time, but nobody waits long for its lock."""

ANSWER_TIMEOUT = 15
"""Seconds until this side gives up on an answer: a server that hangs keeps no timeout, and a
pooler has none for those who wait for a connection."""

# Without their answer for 10 s, neither what was sent nor an idle connection is believed in.
TCP = {
    "keepalives_idle": 10,  # s
    "keepalives_interval": 5,  # s
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,  # ms
}

FORMS = "set it to postgresql://user:password@host/name or sqlite:///file."
LOCAL = {"", "localhost", "127.0.0.1", "::1"}
POSTGRESQL = "todo_project.postgresql"


def is_pooled(url: str) -> bool:
    """Tell whether the host is one of Neon's poolers."""
    return "-pooler." in url.rpartition("@")[2].partition("?")[0]


def database(
    variable: str,
    url: str,
    *,
    pooled: bool,
    prepare_threshold: int | None,
    session: Mapping[str, str] = SESSION,
) -> dict[str, Any]:
    """Return Django's settings for the database that `url` names, or refuse the `variable`.

    Several hosts are separated by commas, as libpq takes them. Connections persist, one a
    thread: opening one to a serverless database costs several round trips. There is no pool on
    this side: a pooler has one, and Django's does not survive gunicorn's fork.
    """
    try:
        parsed = _parse(url)
    except ValueError as error:
        refuse(variable, f"cannot be read ({type(error).__name__}); {FORMS}")
    parsed |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    options: dict[str, Any] = parsed.setdefault("OPTIONS", {})
    match parsed["ENGINE"]:
        case "django.db.backends.postgresql":
            _refuse_unknown_options(variable, parsed)
            parsed["ENGINE"] = POSTGRESQL
            parsed["DISABLE_SERVER_SIDE_CURSORS"] = pooled
            parsed["OPTIONS"] = {
                "application_name": "todo-api",
                "connect_timeout": 10,
                **TCP,
                **_encryption(parsed),
                **options,
                **({} if pooled else _startup(session, options.get("options", ""))),
                # Plan a query once for each connection, and send only its values afterwards.
                "server_side_binding": True,
                "prepare_threshold": prepare_threshold,
                "answer_timeout": None if session is MIGRATION else ANSWER_TIMEOUT,
            }
        case "django.db.backends.sqlite3":
            if parsed["NAME"] in {"", ":memory:"}:
                refuse(variable, f"names no file, so nothing would be kept; {FORMS}")
            # Readers do not wait for the writer (WAL); writers queue for up to 20 s
            # instead of failing (https://docs.djangoproject.com/en/5.2/ref/databases/).
            options |= {
                "init_command": "PRAGMA journal_mode=WAL",
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
            }
            parsed["NAME"] = str(BASE_DIR / parsed["NAME"])
        case engine:
            refuse(variable, f"{engine} is not supported; {FORMS}")
    return parsed


def described(connection: BaseDatabaseWrapper) -> str:
    """Name the database and its host, and nothing else that its URL holds."""
    host = connection.get_connection_params().get("host") or "this machine"
    return f"{connection.settings_dict['NAME']} on {host}"


def _parse(url: str) -> dict[str, Any]:
    """Read the URL, also with several hosts, which dj_database_url does not know."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return {**dj_database_url.parse(url)}
    addresses = [urlsplit(f"//{address}") for address in hosts.split(",")]
    return {
        **dj_database_url.parse(parts._replace(netloc=user + at).geturl()),
        "HOST": ",".join(unquote(address.hostname or "") for address in addresses),
        "PORT": ",".join(str(address.port or "") for address in addresses),
    }


def _encryption(parsed: Mapping[str, Any]) -> dict[str, str]:
    """Demand TLS of a remote host, but where the URL or libpq's environment says how."""
    options = parsed["OPTIONS"]
    hosts = str(options.get("host") or parsed["HOST"]).split(",")
    said = "PGSSLMODE" in os.environ or options.get("sslrootcert") == "system"
    remote = any(host not in LOCAL and not host.startswith("/") for host in hosts)
    return {"sslmode": "require"} if remote and not said else {}


def _startup(session: Mapping[str, str], given: str) -> dict[str, str]:
    """Return the settings of the session as a startup option; those of the URL come last."""
    ours = " ".join(f"-c {name}={value}" for name, value in session.items())
    return {"options": f"{ours} {given}".rstrip()}


def _refuse_unknown_options(variable: str, parsed: Mapping[str, Any]) -> None:
    """Let libpq read all but the hosts, of which it would ask the network."""
    if not parsed["NAME"] and "service" not in parsed["OPTIONS"]:
        refuse(variable, f"names no database; {FORMS}")
    nowhere = ",".join("/" for _ in str(parsed["HOST"]).split(","))
    try:
        conninfo = make_conninfo(
            **{**parsed["OPTIONS"], "host": nowhere, "port": parsed["PORT"] or None}
        )
    except psycopg.ProgrammingError as error:
        refuse(variable, f"{str(error).strip()}; take it out of the URL.")
    reason = PGconn.connect_start(conninfo.encode()).error_message.decode().strip()
    if not reason.startswith("connection to server on socket"):
        refuse(variable, f"{reason}; correct it in the URL.")
