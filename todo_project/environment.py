"""Typed access to environment variables, and to the `.env` file beside manage.py.

One function per type. Each rejects a value it cannot use: it ends the process with one line
that names the variable and says what to set. An environment variable takes precedence over the
same name in `.env`.
"""

import os
import re
import textwrap
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from reprlib import Repr
from typing import NoReturn

from dotenv.parser import Binding, parse_stream

from todo_project.http.origins import normalize_host, normalize_origin

BASE_DIR = Path(__file__).resolve().parent.parent
ENV_FILE = BASE_DIR / ".env"

PLATFORM_HOSTS = {
    "HEROKU_APP_DEFAULT_DOMAIN_NAME": "{}",  # devcenter.heroku.com/articles/dyno-metadata
    "RENDER_EXTERNAL_HOSTNAME": "{}",  # render.com/docs/environment-variables
    "RAILWAY_PUBLIC_DOMAIN": "{}",  # docs.railway.com/reference/variables
    "FLY_APP_NAME": "{}.fly.dev",  # fly.io/docs/machines/runtime-environment
}
"""Variables of hosting platforms, and the host name that follows from each. Cloud Run has none."""

_REPR = Repr()
_REPR.maxstring = 50


def env_str(name: str, default: str = "") -> str:
    """Return the variable, or `default` if it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, *, default: bool) -> bool:
    """Return the variable as a boolean: `true`, `1`, `false` or `0`, in any letter case."""
    value = env_str(name, str(default).lower()).lower()
    if value not in {"true", "1", "false", "0"}:
        exit_with_error(
            name, f"{quoted(value)} is neither true nor false; set it to one of the two."
        )
    return value in {"true", "1"}


def env_int(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return the variable as an integer from `minimum` to `maximum`."""
    value = env_str(name, str(default))
    if not (re.fullmatch("[0-9]{1,9}", value) and minimum <= int(value) <= maximum):
        problem = "out of range" if re.fullmatch("-?[0-9]+", value) else "not an integer"
        exit_with_error(
            name,
            f"{quoted(value)} is {problem}; set it to an integer from {minimum} to {maximum}.",
        )
    return int(value)


def env_list(name: str, default: str = "") -> list[str]:
    """Return the variable, a comma-separated list, without white space and empty items."""
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def env_hosts(name: str, default: str) -> list[str]:
    """Return the variable, a list of hosts as in `ALLOWED_HOSTS` of Django."""
    form = "a host name; write it as api.example.com."
    return [_normalized(name, each, _allowed_host, form) for each in env_list(name, default)]


def env_origins(name: str, expression: str = ".+") -> list[str]:
    """Return the variable, a list of origins, and of patterns with `*`, as browsers write them.

    Each must match the regular expression as well.
    """
    form = "an origin; write it as https://app.example.com."
    return [_normalized(name, each, normalize_origin, form, expression) for each in env_list(name)]


def platform_hosts() -> list[str]:
    """Return the host names that a hosting platform has assigned to the service."""
    return [
        _normalized(name, host.format(os.environ[name]), _allowed_host, "a host name.")
        for name, host in PLATFORM_HOSTS.items()
        if os.environ.get(name)
    ]


def quoted(value: str) -> str:
    """Return the value in quotes, without its middle if it is longer than 50 characters."""
    return _REPR.repr(value)


def summary(message: str) -> str:
    """Return the message in one line, without its end if it is longer than 100 characters."""
    return textwrap.shorten(message, 100, placeholder=" ...")


def exit_with_error(name: str, reason: str) -> NoReturn:
    """End the process with one line on stderr: why the variable `name` cannot be used."""
    raise SystemExit(f"{name}: {reason}")


def _normalized(
    name: str, value: str, normalize: Callable[[str], str], form: str, expression: str = ".+"
) -> str:
    try:
        normalized = normalize(value)
        if re.fullmatch(expression, normalized):
            return normalized
    except ValueError:
        if not value.isascii():
            form += " Write letters outside ASCII as browsers do, with xn--."
    exit_with_error(name, f"{quoted(value)} is not {form}")


def _allowed_host(host: str) -> str:
    if host == "*":
        return host
    name = normalize_host(host.removeprefix(".").removesuffix("."))  # as Django compares it
    return "." * host.startswith(".") + name


def load_env_file(path: Path) -> None:
    """Add the variables in the file, if it exists, to the environment.

    python-dotenv itself replaces `${X}` in single quotes, too
    (https://github.com/theskumar/python-dotenv/issues/422), and skips lines that it cannot parse.
    """
    if env_bool("PYTHON_DOTENV_DISABLED", default=False):
        return
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        reason = f"cannot be read ({error.strerror}); make it a file that this user may read"
        exit_with_error(str(path), f"{reason}, or remove it.")
    try:
        text = content.decode("utf-8-sig")
        if "\0" in text:
            raise ValueError
    except ValueError:
        found = "UTF-16" if b"\0" in content else "another encoding, such as Latin-1"
        exit_with_error(str(path), f"is in {found}; save it in UTF-8.")
    variables: dict[str, str] = {}
    for binding in parse_stream(StringIO(text, newline=None)):
        _reject_ambiguous_line(path, binding)
        if binding.key:
            variables[binding.key] = binding.value or ""  # the last one counts, as in a shell
    os.environ |= variables | {**os.environ}


def _reject_ambiguous_line(path: Path, binding: Binding) -> None:
    """End the process if a line would be skipped, or if a shell would read another value."""
    text = binding.original.string
    line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
    if binding.error or (binding.key and binding.value is None):
        exit_with_error(f"{path}, line {line}", "is not an assignment; write it as NAME=value.")
    if "${" in (binding.value or "") and not re.search(r"^[^=]*=\s*'", text):
        reason = "has ${...}, which is not replaced; write the value in single quotes, or in full."
        exit_with_error(f"{path}, line {line}", reason)


load_env_file(ENV_FILE)
