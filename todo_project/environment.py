"""Typed reads of the environment and of the `.env` file beside manage.py.

One function per type. Each refuses what it does not understand: it ends the
process with one line that names the variable and says what to set. A variable
of the environment wins over the same name in `.env`.
"""

import os
from pathlib import Path
from typing import NoReturn

from dotenv import load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent
DEFAULTS: dict[str, str] = {}
"""Every variable read so far, with its default; `.env.example` explains them."""

PLATFORM_HOSTS = (
    "HEROKU_APP_DEFAULT_DOMAIN_NAME",  # https://devcenter.heroku.com/articles/dyno-metadata
    "RENDER_EXTERNAL_HOSTNAME",  # https://render.com/docs/environment-variables
    "RAILWAY_PUBLIC_DOMAIN",  # https://docs.railway.com/reference/variables
)

_FLAGS = {"true": True, "1": True, "false": False, "0": False}

load_dotenv(BASE_DIR / ".env")


def text(name: str, default: str) -> str:
    """Return the variable, or `default` where it is unset or empty."""
    DEFAULTS[name] = default
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Return the variable as a boolean: `true`, `1`, `false` or `0` in any letter case."""
    value = text(name, str(default).lower()).lower()
    if value not in _FLAGS:
        refuse(name, f"{value!r} is neither true nor false; set it to one of the two.")
    return _FLAGS[value]


def number(name: str, default: int, *, least: int, most: int) -> int:
    """Return the variable as an integer from `least` to `most`."""
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        refuse(name, f"{value!r} is out of range; set it to an integer from {least} to {most}.")
    return int(value)


def platform_hosts() -> list[str]:
    """Return the host names that a platform has given to the service."""
    return [os.environ[name] for name in PLATFORM_HOSTS if os.environ.get(name)]


def words(name: str, default: str = "") -> list[str]:
    """Return the variable, a comma-separated list, without white space and empty items."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def refuse(name: str, reason: str) -> NoReturn:
    """End the process, since the variable `name` cannot be used, with one line on stderr."""
    raise SystemExit(f"{name}: {reason}")
