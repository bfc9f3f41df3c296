"""Tests of the environment variables: defaults, invalid values, and .env.example."""

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.support.processes import start
from todo_project import environment
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

MANY_DIGITS = "9" * 5000
SHORTENED = f"'{'9' * 22}...{'9' * 23}'"
WORKERS = "set it to an integer from 1 to 64."
LEVELS = "set DEBUG, INFO, WARNING, ERROR or CRITICAL."
EMAIL = "write it as help@example.com."
NAME = "write it as api.example.com."
ORIGIN = "write it as https://app.example.com."
ASCII = " Write letters outside ASCII as browsers do, with xn--."
ALL_SETTINGS = "{name: value for name, value in vars(s).items() if name.isupper()}"


def test_secret_key_is_required_without_debug() -> None:
    absent = "" if environment.ENV_FILE.exists() else f", and there is no file {BASE_DIR}/.env"
    reason = f"is missing{absent}; set it to a long random string, or set DEBUG=true."
    assert start() == (1, f"SECRET_KEY: {reason}")
    assert start("s.DEBUG, s.SECRET_KEY", SECRET_KEY="k") == (0, "(False, 'k')")
    assert start("s.DEBUG, s.SECRET_KEY != ''", DEBUG="TRUE") == (0, "(True, True)")


def test_former_keys_are_separated_by_commas() -> None:
    assert start("s.SECRET_KEY_FALLBACKS", SECRET_KEY="k") == (0, "[]")
    assert start("s.SECRET_KEY_FALLBACKS", SECRET_KEY="k", SECRET_KEY_FALLBACKS="a, b") == (
        0,
        "['a', 'b']",
    )


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DEBUG", "yes", "'yes' is neither true nor false; set it to one of the two."),
        ("PORT", "0", "'0' is out of range; set it to an integer from 1 to 65535."),
        ("PORT", "-1", "'-1' is out of range; set it to an integer from 1 to 65535."),
        ("PORT", "abc", "'abc' is not an integer; set it to an integer from 1 to 65535."),
        ("PORT", "٨", "'٨' is not an integer; set it to an integer from 1 to 65535."),
        ("PROXIES", "0", "'0' is out of range; set it to an integer from 1 to 16."),
        ("GUNICORN_THREADS", "65", "'65' is out of range; set it to an integer from 1 to 64."),
        (
            "PORT",
            MANY_DIGITS,
            f"{SHORTENED} is out of range; set it to an integer from 1 to 65535.",
        ),
        ("WEB_CONCURRENCY", MANY_DIGITS, f"{SHORTENED} is out of range; {WORKERS}"),
        ("WEB_CONCURRENCY", "two", f"'two' is not an integer; {WORKERS}"),
        (
            "DEBUG",
            MANY_DIGITS,
            f"{SHORTENED} is neither true nor false; set it to one of the two.",
        ),
        ("LOG_LEVEL", MANY_DIGITS, f"{SHORTENED} is not a log level; {LEVELS}"),
        ("CONTACT_EMAIL", MANY_DIGITS, f"{SHORTENED} is not an email address; {EMAIL}"),
        ("ALLOWED_HOSTS", f"/{MANY_DIGITS[1:]}", f"'/{SHORTENED[2:]} is not a host name; {NAME}"),
        ("CORS_ALLOWED_ORIGINS", MANY_DIGITS, f"{SHORTENED} is not an origin; {ORIGIN}"),
        ("CORS_ALLOWED_ORIGINS", "https://[::1", f"'https://[::1' is not an origin; {ORIGIN}"),
        ("CORS_ALLOWED_ORIGINS", "https://::1]", f"'https://::1]' is not an origin; {ORIGIN}"),
        ("CORS_ALLOWED_ORIGINS", "https://[g::]", f"'https://[g::]' is not an origin; {ORIGIN}"),
        ("CSRF_TRUSTED_ORIGINS", "http://a:b", f"'http://a:b' is not an origin; {ORIGIN}"),
        ("CSRF_TRUSTED_ORIGINS", "http://:80", f"'http://:80' is not an origin; {ORIGIN}"),
        ("CSRF_TRUSTED_ORIGINS", "http://a:70000", f"'http://a:70000' is not an origin; {ORIGIN}"),
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
            "RENDER_EXTERNAL_HOSTNAME",
            "https://todo.onrender.com/",
            "'https://todo.onrender.com/' is not a host name.",
        ),
        (
            "LOG_LEVEL",
            "LOUD",
            "'LOUD' is not a log level; set DEBUG, INFO, WARNING, ERROR or CRITICAL.",
        ),
        *(
            ("CSRF_TRUSTED_ORIGINS", value, f"{value!r} is not an origin; {ORIGIN}")
            for value in ("null", "https://*.example.com")
        ),
        ("ALLOWED_HOSTS", "straße.example", f"'straße.example' is not a host name; {NAME}{ASCII}"),
        (
            "CORS_ALLOW_HEADERS",
            "a,b c",
            "'b c' is not the name of a header; write it as sentry-trace.",
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


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        *(
            (value, f"is not an origin; {ORIGIN}")
            for value in (
                "*",
                "https://*",
                "https://*.app",
                "https://*.*.example.app",
                "https://a.*.example.app",
                "https://*:8080",
                "https://u:p@app.example.com",
                "https://app.example.com.",
                "https://a..example",
                "https://999.1.1.1",
                "https://1.2.3",
                "Null",
            )
        ),
        *(
            (value, f"is not an origin; {ORIGIN}{ASCII}")
            for value in (
                "https://straße.example",
                "https://ü*.example.app",
                "https://a。example",
                "https://exämple.com/",
            )
        ),
    ],
)
def test_invalid_origin_exits_with_error(
    monkeypatch: pytest.MonkeyPatch, value: str, reason: str
) -> None:
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", value)
    with pytest.raises(SystemExit) as error:
        environment.env_origins("CORS_ALLOWED_ORIGINS")
    assert str(error.value) == f"CORS_ALLOWED_ORIGINS: {value!r} {reason}"


@pytest.mark.parametrize("value", ["*.example.com", "a_b.example", "a:80", "[::1", "a.", "."])
def test_invalid_host_exits_with_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", f"a.example,{value}.")
    with pytest.raises(SystemExit) as error:
        environment.env_hosts("ALLOWED_HOSTS", "")
    assert str(error.value) == f"ALLOWED_HOSTS: '{value}.' is not a host name; {NAME}"


@pytest.mark.parametrize("origin", ["null", "file://"])
def test_credentials_exclude_origins_of_any_page(origin: str) -> None:
    variables = {"CORS_ALLOW_CREDENTIALS": "true", "CORS_ALLOWED_ORIGINS": f"https://a.b,{origin}"}
    reason = f"{origin} would let any page use the cookies of its visitors; remove it."
    line = f"CORS_ALLOWED_ORIGINS: with CORS_ALLOW_CREDENTIALS=true, {reason}"
    assert start(SECRET_KEY="k", **variables) == (1, line)


def test_platform_hosts_are_allowed() -> None:
    assigned = {
        "HEROKU_APP_DEFAULT_DOMAIN_NAME": "todo-1.herokuapp.com",
        "RENDER_EXTERNAL_HOSTNAME": "todo.onrender.com",
        "RAILWAY_PUBLIC_DOMAIN": "todo.up.railway.app",
        "FLY_APP_NAME": "todo",
    }
    hosts = [
        "api.example.com",
        "todo-1.herokuapp.com",
        "todo.onrender.com",
        "todo.up.railway.app",
        "todo.fly.dev",
    ]
    assert start("s.ALLOWED_HOSTS", DEBUG="1", ALLOWED_HOSTS="api.example.com", **assigned) == (
        0,
        str(hosts),
    )


@pytest.mark.parametrize(
    ("host", "bind"),
    [
        ("", "127.0.0.1:8000"),
        ("localhost", "localhost:8000"),
        ("0.0.0.0", "0.0.0.0:8000"),
        ("::1", "[::1]:8000"),
        ("[::1]", "[::1]:8000"),
        ("::", "[::]:8000"),
    ],
)
def test_host_is_an_address_or_name_of_this_machine(host: str, bind: str) -> None:
    assert start("bind", DEBUG="1", HOST=host) == (0, bind)


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a `.env` file that does not exist; let variables be set in vain."""
    monkeypatch.setattr(os, "environ", {"X": "interpolated", "SECRET_KEY": "of the environment"})
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (
            "# a comment\n\nexport CONTACT_EMAIL = hälp@example.com  # another\n",
            "hälp@example.com",
        ),
        ("\ufeffCONTACT_EMAIL=hälp@example.com", "hälp@example.com"),
        ("CONTACT_EMAIL='a${X}b'", "a${X}b"),
        ("CONTACT_EMAIL=a@b\nCONTACT_EMAIL=c@d\n", "c@d"),
        ('SECRET_KEY=\r\nCONTACT_EMAIL="a$X b"\r\n', "a$X b"),
    ],
)
def test_env_file_is_read_as_it_is_written(env_file: Path, content: str, value: str) -> None:
    env_file.write_bytes(content.encode())
    environment.load_env_file(env_file)
    assert os.environ["CONTACT_EMAIL"] == value
    assert os.environ["SECRET_KEY"] == "of the environment"


NOT_AN_ASSIGNMENT = "is not an assignment; write it as NAME=value."
INTERPOLATED = "has ${...}, which is not replaced; write the value in single quotes, or in full."
ENCODING = "is in {}; save it in UTF-8."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("\n# a comment\n\nDEBUG true\n", f", line 4: {NOT_AN_ASSIGNMENT}"),
        ("A=1\r\n\r\nDEBUG", f", line 3: {NOT_AN_ASSIGNMENT}"),
        ("SECRET_KEY='secret", f", line 1: {NOT_AN_ASSIGNMENT}"),
        ("DEBUG: secret", f", line 1: {NOT_AN_ASSIGNMENT}"),
        ("A=1\nSECRET_KEY=pa${X}ss", f", line 2: {INTERPOLATED}"),
        ('SECRET_KEY="pa${X}ss"', f", line 1: {INTERPOLATED}"),
        ("A=ä".encode("utf-16"), f": {ENCODING.format('UTF-16')}"),
        ("A=ä".encode("utf-16-le"), f": {ENCODING.format('UTF-16')}"),
        ("A=a".encode("utf-16-be"), f": {ENCODING.format('UTF-16')}"),
        ("A=ä".encode("latin-1"), f": {ENCODING.format('another encoding, such as Latin-1')}"),
    ],
)
def test_env_file_that_is_not_understood_exits_with_one_line(
    env_file: Path, content: str | bytes, reason: str
) -> None:
    env_file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SystemExit) as error:
        environment.load_env_file(env_file)
    assert str(error.value) == f"{env_file}{reason}"


def test_env_file_that_cannot_be_read_exits_with_one_line(env_file: Path) -> None:
    environment.load_env_file(env_file)  # there is none
    for create, problem in (
        (partial(env_file.symlink_to, env_file), "Too many levels of symbolic links"),
        (env_file.mkdir, "Is a directory"),
    ):
        create()
        with pytest.raises(SystemExit) as error:
            environment.load_env_file(env_file)
        advice = "make it a file that this user may read, or remove it."
        assert str(error.value) == f"{env_file}: cannot be read ({problem}); {advice}"
        env_file.rename(env_file.with_name(problem))


def test_env_file_beside_manage_py_is_read(tmp_path: Path) -> None:
    shutil.copytree(BASE_DIR / "todo_project", tmp_path / "todo_project")
    (tmp_path / ".env").write_text("CONTACT_EMAIL='a${X}b'")
    code = "import todo_project.environment, os; print(os.environ['CONTACT_EMAIL'])"
    environ = os.environ | {"PYTHON_DOTENV_DISABLED": ""}
    output = subprocess.check_output([sys.executable, "-c", code], env=environ, cwd=tmp_path)
    assert output == b"a${X}b\n"


def test_sqlite_is_default_with_write_ahead_log_and_lock_timeout() -> None:
    expression = "s.DATABASES['default']['NAME'], s.DATABASES['default']['OPTIONS']"
    code, output = start(expression, DEBUG="1")
    assert code == 0
    options = {
        "init_command": "PRAGMA journal_mode=WAL",
        "timeout": 15,
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


@pytest.mark.parametrize(
    ("debug", "shortcuts", "resets"),
    [("true", "true", "True"), ("false", "true", "False"), ("false", "false", "True")],
)
def test_query_log_is_reset_only_with_debug_or_without_shortcuts(
    debug: str, shortcuts: str, resets: str
) -> None:
    receivers = "__import__('django.core.signals').core.signals.request_started.receivers"
    expression = (
        "__import__('todo_project.wsgi') and "
        f"any('reset_queries' in repr(receiver) for receiver in {receivers})"
    )
    variables = {"DEBUG": debug, "SHORTCUTS": shortcuts, "SECRET_KEY": "k"}
    assert start(expression, **variables) == (0, resets)
