"""Name the database of the tests, before Django reads its settings.

`TEST_DATABASE_URL` where it is set, else a PostgreSQL of the tests' own.
"""

import os

import pytest
from django.conf import settings

from tests.support.servers.postgresql import throw_away_server

# The processes that share a run share the server.
os.environ["TEST_DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or throw_away_server()
os.environ |= {
    "PYTHON_DOTENV_DISABLED": "1",
    "DEBUG": "false",
    "BEHIND_PROXY": "false",
    "SECRET_KEY": "only-for-tests-" * 4,
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "CORS_ALLOWED_ORIGINS": "https://app.example.com",
    "DATABASE_URL": os.environ["TEST_DATABASE_URL"],
}


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and spare the tests the cost of real passwords."""
    config.addinivalue_line("markers", "once: the same on every database, so run on one.")
    config.addinivalue_line("markers", "e2e: with a real server, killed and restarted; slow.")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_report_header() -> str:
    """Say which database this run is about."""
    return f"database: {os.environ['DATABASE_URL'].partition(':')[0]}"
