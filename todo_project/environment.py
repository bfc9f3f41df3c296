"""Typed access to environment variables, and to the `.env` file beside manage.py.

One function per type. Each rejects a value it cannot use: it ends the process with one line
that names the variable and says what to set. An environment variable takes precedence over the
same name in `.env`.
"""

import os
from pathlib import Path
from typing import NoReturn

from dotenv import load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent

PLATFORM_HOSTS = (
    "HEROKU_APP_DEFAULT_DOMAIN_NAME",  # https://devcenter.heroku.com/articles/dyno-metadata
    "RENDER_EXTERNAL_HOSTNAME",  # https://render.com/docs/environment-variables
    "RAILWAY_PUBLIC_DOMAIN",  # https://docs.railway.com/reference/variables
)

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

load_dotenv(BASE_DIR / ".env")


def env_str(name: str, default: str = "") -> str:
    """Return the variable, or `default` if it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, *, default: bool) -> bool:
    """Return the variable as a boolean: `true`, `1`, `false` or `0`, in any letter case."""
    value = env_str(name, str(default).lower()).lower()
    if value not in _BOOLEANS:
        exit_with_error(name, f"{value!r} is neither true nor false; set it to one of the two.")
    return _BOOLEANS[value]


def env_int(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return the variable as an integer from `minimum` to `maximum`."""
    value = env_str(name, str(default))
    if not (value.isascii() and value.isdigit() and minimum <= int(value) <= maximum):
        exit_with_error(
            name,
            f"{value!r} is out of range; set it to an integer from {minimum} to {maximum}.",
        )
    return int(value)


def env_list(name: str, default: str = "") -> list[str]:
    """Return the variable, a comma-separated list, without white space and empty items."""
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def platform_hosts() -> list[str]:
    """Return the host names that a hosting platform has assigned to the service."""
    return [os.environ[name] for name in PLATFORM_HOSTS if os.environ.get(name)]


def exit_with_error(name: str, reason: str) -> NoReturn:
    """End the process with one line on stderr: why the variable `name` cannot be used."""
    raise SystemExit(f"{name}: {reason}")
