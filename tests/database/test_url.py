"""Tests of database URLs: the settings of Django that they become, and invalid URLs."""

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.support.processes import start
from todo_project.database.url import (
    is_neon,
    is_pooled,
    parse_database_url,
)

pytestmark = pytest.mark.once

PERCENT_ENCODE = (
    "percent-encode the user and the password (/ as %2F, ? as %3F, # as %23, @ as %40, [ as %5B), "
    "and check that the port is a number."
)
VALID_FORMS = "set it to postgresql://user:password@host/name or sqlite:///file."
REMOTE = "postgresql://u:p@db.example.com/todo"
MISSING = "does not exist; create it, or correct the path."
POOLED = "postgresql://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech/neondb"
OTHER_POOLER = "postgresql://u:p@todo-pooler.default.svc/todo"
NEON_PARAMETERS = "?sslmode=require&channel_binding=require"
STARTUP_OPTIONS = (
    "-c statement_timeout=10s -c lock_timeout=5s "
    "-c idle_in_transaction_session_timeout=30s -c timezone=UTC -c datestyle=ISO "
    "-c random_page_cost=1"
)


def parsed(url: str, *, pooled: bool = False, **options: Any) -> dict[str, Any]:
    return parse_database_url(
        "DATABASE_URL", url, pooled=pooled, prepare_threshold=None, **options
    )


def test_direct_url_gets_timeouts_keepalives_and_tls() -> None:
    assert parsed(REMOTE) == {
        "ENGINE": "todo_project.database.postgresql",
        "NAME": "todo",
        "USER": "u",
        "PASSWORD": "p",
        "HOST": "db.example.com",
        "PORT": "",
        "CONN_MAX_AGE": 3600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        "POOLED": False,
        "OPTIONS": {
            "application_name": "todo-api",
            "connect_timeout": 10,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 10_000,
            "sslmode": "require",
            "options": STARTUP_OPTIONS,
            "server_side_binding": True,
            "prepare_threshold": None,
            "response_timeout": 15,
        },
    }


def test_pooled_url_gets_no_startup_options_and_no_server_side_cursors() -> None:
    direct, pooled = parsed(REMOTE), parsed(REMOTE, pooled=True)
    assert pooled["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert set(direct["OPTIONS"]) - set(pooled["OPTIONS"]) == {"options"}


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (REMOTE, "require"),
        (f"{REMOTE}?sslmode=verify-full", "verify-full"),
        (f"{REMOTE}?sslmode=disable", "disable"),
        (f"{REMOTE}?sslrootcert=system", None),
        ("postgresql://u@localhost/todo", None),
        ("postgresql://u@127.0.0.1:5433/todo", None),
        ("postgresql://u@[::1]/todo", None),
        ("postgresql:///todo?host=/run/postgresql", None),
        ("postgresql://u@%2Frun%2Fpostgresql/todo", None),
        ("postgresql://u@localhost,db.example.com/todo", "require"),
        ("postgresql:///todo?host=db.example.com", "require"),
    ],
)
def test_tls_is_required_for_remote_host_unless_url_configures_it(
    url: str, mode: str | None
) -> None:
    assert parsed(url)["OPTIONS"].get("sslmode") == mode


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"DATABASE_URL": f"{REMOTE}?sslmode=verify-full&sslrootcert=system"}, True),
        ({"DATABASE_URL": REMOTE, "PGSSLROOTCERT": "system"}, True),
        ({"DATABASE_URL": REMOTE}, False),
    ],
)
def test_certificates_of_the_system_are_those_of_python(
    variables: dict[str, str],
    found: bool,  # noqa: FBT001
) -> None:
    code = "[__import__('os').environ.get(name) for name in ('SSL_CERT_FILE', 'SSL_CERT_DIR')]"
    python = (
        "import ssl; paths = ssl.get_default_verify_paths(); print([paths.cafile, paths.capath])"
    )
    environ = {"PATH": os.environ["PATH"]}
    expected = subprocess.check_output([sys.executable, "-c", python], env=environ, text=True)
    shown = expected.strip() if found else "[None, None]"
    assert start(code, SECRET_KEY="k", **variables) == (0, shown)


def test_url_of_neons_console_requires_tls_and_channel_binding() -> None:
    result = parsed(POOLED + NEON_PARAMETERS, pooled=True)
    options = result["OPTIONS"]
    assert (options["sslmode"], options["channel_binding"]) == ("require", "require")
    assert (result["HOST"], result["NAME"]) == (
        "ep-cool-1-pooler.eu-central-1.aws.neon.tech",
        "neondb",
    )


def test_pgsslmode_takes_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert "sslmode" not in parsed(REMOTE)["OPTIONS"]


@pytest.mark.parametrize(
    ("hosts", "host", "port"),
    [
        ("a.example:5432,b.example:5433", "a.example,b.example", "5432,5433"),
        ("a.example,b.example:5433", "a.example,b.example", ",5433"),
        ("[2001:db8::1]:5432,b.example", "2001:db8::1,b.example", "5432,"),
    ],
)
def test_url_with_several_hosts(hosts: str, host: str, port: str) -> None:
    result = parsed(f"postgresql://u:p%40@{hosts}/todo?target_session_attrs=read-write")
    assert (result["HOST"], result["PORT"]) == (host, port)
    assert (result["USER"], result["PASSWORD"], result["NAME"]) == ("u", "p@", "todo")
    assert result["OPTIONS"]["target_session_attrs"] == "read-write"


def test_migration_has_no_statement_and_response_timeout() -> None:
    options = parsed(REMOTE, migrates=True)["OPTIONS"]
    assert "-c statement_timeout=0 " in options["options"]
    assert options["response_timeout"] is None


def test_options_in_url_take_precedence() -> None:
    url = f"{REMOTE}?application_name=blue&connect_timeout=3&options=-c%20statement_timeout%3D1s"
    options = parsed(url)["OPTIONS"]
    assert (options["application_name"], options["connect_timeout"]) == ("blue", 3)
    assert options["options"] == f"{STARTUP_OPTIONS} -c statement_timeout=1s"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        *(
            (url, f"does not start with a known scheme; {VALID_FORMS}")
            for url in ("nonsense://secret", "psql 'postgresql://u:secret@h/n'", "secret")
        ),
        *(
            (url, "is in quotes; remove the quotes.")
            for url in (f"'{REMOTE}'", f'"{REMOTE}"', f"“{REMOTE}”", f"'{REMOTE}")
        ),
        *(
            (url, f"cannot be read; {PERCENT_ENCODE}")
            for url in (
                "postgresql://u:secret@h:port/n",
                "postgresql://u:secret@h:1,g:port/n",
                "postgresql://u:sec@et@h,g:x/n",
                *(
                    f"postgresql://u:{password}@{hosts}/n"
                    for password in (
                        "se/cret",
                        "se?cret",
                        "se#cret",
                        "se[cret",
                        "a@b/c",
                        "a@b?c=d",
                        "1/2?c",
                    )
                    for hosts in ("h", "h,g")
                ),
                # The host would be u, and the port 12.
                *(
                    f"postgresql://u:12{end}@h/n"
                    for end in ("/secret", "?secret=", "#secret", "/")
                ),
                "sqlite:///a#secret",
            )
        ),
        ("mysql://u:secret@h/n", f"django.db.backends.mysql is not supported; {VALID_FORMS}"),
        ("postgresql://u:secret@h/", f"names no database; {VALID_FORMS}"),
        ("sqlite://", f"names no file, so nothing would be stored; {VALID_FORMS}"),
        ("sqlite://:memory:", f"names no file, so nothing would be stored; {VALID_FORMS}"),
        ("sqlite:///a?mode=ro", "'mode' is not supported for SQLite; remove it from the URL."),
        (
            "sqlite:///a?timeout=9",
            "'timeout' is not supported for SQLite; remove it from the URL.",
        ),
        (
            f"{REMOTE}?pgbouncer=true",
            'invalid connection option "pgbouncer"; remove it from the URL.',
        ),
        (f"{REMOTE}?sslmode=on", 'invalid sslmode value: "on"; correct it in the URL.'),
        (
            f"{REMOTE}?channel_binding=on",
            'invalid channel_binding value: "on"; correct it in the URL.',
        ),
        (f"{REMOTE}?sslmode={'x' * 5000}", "invalid sslmode value: ...; correct it in the URL."),
        (f"{REMOTE}?sslmode=a%0Ab", 'invalid sslmode value: "a b"; correct it in the URL.'),
        (
            f"{REMOTE}?connect_timeout=x",
            "connect_timeout='x' is not an integer; correct it in the URL.",
        ),
        (
            f"{REMOTE}?connect_timeout={'9' * 4000}",
            f"connect_timeout='{'9' * 22}...{'9' * 23}' is not an integer; correct it in the URL.",
        ),
        (
            f"{REMOTE}?keepalives_idle=1.5",
            "keepalives_idle='1.5' is not an integer; correct it in the URL.",
        ),
        (
            f"{REMOTE}?tcp_user_timeout=-",
            "tcp_user_timeout='-' is not an integer; correct it in the URL.",
        ),
        (
            "postgresql:///n?host=/&port=1,x",
            "port='1,x' is not an integer; correct it in the URL.",
        ),
        (
            "sqlite:////missing/directory/file",
            f"the directory '/missing/directory' {MISSING}",
        ),
        (
            f"sqlite:////{'x' * 5000}/file",
            f"the directory '/{'x' * 21}...{'x' * 23}' {MISSING}",
        ),
        (
            f"{REMOTE}?target_session_attrs=rw",
            'invalid target_session_attrs value: "rw"; correct it in the URL.',
        ),
    ],
)
def test_invalid_url_exits_with_error(url: str, reason: str) -> None:
    with pytest.raises(SystemExit) as error:
        parsed(url)
    assert str(error.value) == f"DATABASE_URL: {reason}"


@pytest.mark.parametrize(
    ("url", "pooled", "neon"),
    [
        (POOLED, True, True),
        (POOLED + NEON_PARAMETERS, True, True),
        (POOLED.replace("neon.tech", "NEON.tech.:5432"), True, True),
        (POOLED.replace("-pooler", ""), False, True),
        (POOLED.replace("neon.tech", "neon.tech.example.com"), True, False),
        (POOLED.replace(".neon.tech", ".notneon.tech"), True, False),
        (POOLED.replace(".neon.tech/", ".neon.tech,b.example.com/"), True, False),
        ("postgresql://u@todo-pooler.default.svc/todo", True, False),
        ("postgresql://u@todo-pooler:6432/todo", True, False),
        ("postgresql://u@a.example,todo-pooler-rw.default.svc:5432/todo", True, False),
        ("postgresql:///todo?host=todo-pooler.default.svc", True, False),
        ("postgresql://u@a.neon.tech/todo?host=todo-pooler.default.svc", True, False),
        (REMOTE, False, False),
        ("postgresql:///todo?host=/run/postgresql", False, False),
        ("postgresql://a-pooler.neon.tech@h/x-pooler.neon.tech", False, False),
        ("postgresql://[", False, False),
        ("sqlite:///x", False, False),
        ("", False, False),
    ],
)
def test_poolers_and_neon_are_known_by_the_host_name(url: str, pooled: bool, neon: bool) -> None:  # noqa: FBT001
    assert (is_pooled(url), is_neon(url)) == (pooled, neon)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"DATABASE_URL": REMOTE}, "(False, 2, False, None)"),
        ({"DATABASE_URL": REMOTE, "DATABASE_PREPARE": "false"}, "(False, None, False, None)"),
        ({"DATABASE_URL": REMOTE, "DATABASE_POOLED": "true"}, "(True, None, True, None)"),
        ({"DATABASE_URL": POOLED}, "(True, 2, True, None)"),
        ({"DATABASE_URL": OTHER_POOLER}, "(True, None, True, None)"),
        ({"DATABASE_URL": OTHER_POOLER, "DATABASE_PREPARE": "true"}, "(True, 2, True, None)"),
        ({"DATABASE_URL": POOLED, "DATABASE_PREPARE": "false"}, "(True, None, True, None)"),
        ({"DATABASE_URL": POOLED, "DATABASE_POOLED": "false"}, "(False, 2, False, None)"),
        ({"DATABASE_URL": POOLED, "DATABASE_URL_UNPOOLED": REMOTE}, "(True, 2, False, None)"),
    ],
)
def test_pooler_disables_cursors_and_prepared_statements_unless_it_supports_them(
    variables: dict[str, str], expected: str
) -> None:
    settings = ", ".join(
        f"s.DATABASES[{alias!r}]{key}"
        for alias in ("default", "unpooled")
        for key in ("['DISABLE_SERVER_SIDE_CURSORS']", "['OPTIONS']['prepare_threshold']")
    )
    assert start(settings, SECRET_KEY="k", **variables) == (0, expected)


def test_invalid_unpooled_url_exits_with_error() -> None:
    variables = {"DATABASE_URL": REMOTE, "DATABASE_URL_UNPOOLED": "postgresql://h/"}
    assert start(SECRET_KEY="k", **variables) == (
        1,
        f"DATABASE_URL_UNPOOLED: names no database; {VALID_FORMS}",
    )
