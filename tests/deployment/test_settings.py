"""Tests of the environment variables: defaults, invalid values, and .env.example."""

import os
import re
from typing import Any

import pytest

from tests.support.processes import start
from todo_project import environment
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

ALL_SETTINGS = "{name: value for name, value in vars(s).items() if name.isupper()}"


def test_secret_key_is_required_without_debug() -> None:
    assert start() == (
        1,
        "SECRET_KEY: is missing; set it to a long random string, or set DEBUG=true.",
    )
    assert start("s.DEBUG, s.SECRET_KEY", SECRET_KEY="k") == (0, "(False, 'k')")
    assert start("s.DEBUG, s.SECRET_KEY != ''", DEBUG="TRUE") == (0, "(True, True)")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DEBUG", "yes", "'yes' is neither true nor false; set it to one of the two."),
        ("PORT", "0", "'0' is out of range; set it to an integer from 1 to 65535."),
        ("PORT", "x", "'x' is out of range; set it to an integer from 1 to 65535."),
        ("PORT", "٨", "'٨' is out of range; set it to an integer from 1 to 65535."),
        ("GUNICORN_THREADS", "65", "'65' is out of range; set it to an integer from 1 to 64."),
        (
            "CORS_ALLOWED_ORIGINS",
            "https://a.example,b.example",
            "'b.example' is not an origin; write it as https://app.example.com.",
        ),
        (
            "CSRF_TRUSTED_ORIGINS",
            "https://a.example/",
            "'https://a.example/' is not an origin; write it as https://app.example.com.",
        ),
        (
            "LOG_LEVEL",
            "LOUD",
            "'LOUD' is not a log level; set DEBUG, INFO, WARNING, ERROR or CRITICAL.",
        ),
        (
            "CORS_ALLOWED_ORIGINS",
            "*",
            "'*' is not an origin; write it as https://app.example.com.",
        ),
        (
            "ALLOWED_HOSTS",
            "https://api.example.com",
            "'https://api.example.com' is not a host name; write it as api.example.com.",
        ),
        (
            "CONTACT_EMAIL",
            "nobody",
            "'nobody' is not an email address; write it as help@example.com.",
        ),
    ],
)
def test_invalid_value_exits_with_error(name: str, value: str, reason: str) -> None:
    assert start(**{"SECRET_KEY": "k", name: value}) == (1, f"{name}: {reason}")


def test_platform_hosts_are_allowed() -> None:
    assigned = {
        "HEROKU_APP_DEFAULT_DOMAIN_NAME": "todo-1.herokuapp.com",
        "RENDER_EXTERNAL_HOSTNAME": "todo.onrender.com",
        "RAILWAY_PUBLIC_DOMAIN": "todo.up.railway.app",
    }
    hosts = ["api.example.com", "todo-1.herokuapp.com", "todo.onrender.com", "todo.up.railway.app"]
    assert start("s.ALLOWED_HOSTS", DEBUG="1", ALLOWED_HOSTS="api.example.com", **assigned) == (
        0,
        str(hosts),
    )


def test_cors_allows_authorization_header_with_authentication_classes() -> None:
    allowed = "'authorization' in s.CORS_ALLOW_HEADERS"
    assert start(allowed, DEBUG="1") == (0, "False")
    classes = "rest_framework.authentication.TokenAuthentication"
    assert start(allowed, DEBUG="1", API_AUTHENTICATION_CLASSES=classes) == (0, "True")


@pytest.mark.parametrize("name", ["API_AUTHENTICATION_CLASSES", "API_PERMISSION_CLASSES"])
def test_missing_class_exits_with_error(name: str) -> None:
    setup = "__import__('django').setup()"
    environ = {"DJANGO_SETTINGS_MODULE": "todo_project.settings", "DEBUG": "1"}
    code, output = start(setup, **environ, **{name: "todo_project.Missing"})
    assert code == 1
    assert output == (
        f'{name}: Module "todo_project" does not define a "Missing" attribute/class; '
        "name classes as package.module.Class."
    )


def test_sqlite_is_default_with_write_ahead_log_and_lock_timeout() -> None:
    expression = "s.DATABASES['default']['NAME'], s.DATABASES['default']['OPTIONS']"
    code, output = start(expression, DEBUG="1")
    assert code == 0
    options = {
        "init_command": "PRAGMA journal_mode=WAL",
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
    }
    assert output == str((str(BASE_DIR / "db.sqlite3"), options))


def test_gunicorn_uses_host_port_workers_and_threads() -> None:
    assert start("bind, workers, threads", DEBUG="1") == (0, "('127.0.0.1:8000', 2, 4)")
    variables = {"HOST": "0.0.0.0", "PORT": "80", "WEB_CONCURRENCY": "3", "GUNICORN_THREADS": "1"}
    assert start("bind, workers, threads", DEBUG="1", **variables) == (0, "('0.0.0.0:80', 3, 1)")


def test_env_example_lists_every_variable_with_its_default() -> None:
    sources = [BASE_DIR / "todo_project" / "settings.py", BASE_DIR / "gunicorn.conf.py"]
    read = re.findall(r'env_\w+\(\s*"(\w+)"', "".join(each.read_text() for each in sources))
    example = (BASE_DIR / ".env.example").read_text()
    documented = dict(re.findall(r"^#([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert [*documented] == read
    expression = f"{ALL_SETTINGS}, bind, workers, threads"
    assert start(expression, **documented | {"SECRET_KEY": "k"}) == start(
        expression, SECRET_KEY="k"
    )


@pytest.mark.parametrize(("value", "items"), [("", []), (" a , b,, ", ["a", "b"])])
def test_list_is_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, value: str, items: list[str]
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", value)
    assert environment.env_list("ALLOWED_HOSTS") == items


def test_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", " ")
    assert environment.env_int("PORT", 8000, minimum=1, maximum=9999) == 8000


def test_tests_do_not_read_env_file(settings: Any) -> None:
    assert os.environ["PYTHON_DOTENV_DISABLED"] == "1"
    assert settings.SECRET_KEY.startswith("only-for-tests-")


@pytest.mark.parametrize(("debug", "resets"), [("true", "True"), ("false", "False")])
def test_query_log_is_reset_only_with_debug(debug: str, resets: str) -> None:
    receivers = "__import__('django.core.signals').core.signals.request_started.receivers"
    expression = (
        "__import__('todo_project.wsgi') and "
        f"any('reset_queries' in repr(receiver) for receiver in {receivers})"
    )
    assert start(expression, DEBUG=debug, SECRET_KEY="k") == (0, resets)
