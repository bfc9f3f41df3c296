"""A pytest plugin that sets the environment of the tests before Django reads its settings.

The database is that of `TEST_DATABASE_URL`, or a temporary PostgreSQL server if it is not set.
"""

import os

import pytest
from django.conf import settings

from tests.support.servers.postgresql import start_temporary_server

# The worker processes of pytest-xdist inherit the variable, so they share the server.
os.environ["TEST_DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or start_temporary_server()
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
    """Register the markers, and replace the password hasher, which is slow by design."""
    config.addinivalue_line("markers", "once: run on PostgreSQL only.")
    config.addinivalue_line("markers", "e2e: kills and restarts real servers; slow.")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_report_header() -> str:
    """Show which database is used."""
    return f"database: {os.environ['DATABASE_URL'].partition(':')[0]}"
