"""A pytest plugin that sets the environment of the tests before Django reads its settings.

The database is that of `TEST_DATABASE_URL`, or a temporary PostgreSQL server if it is not set.
"""

import os

import pytest
from django.conf import settings
from django.db.models.signals import post_migrate

from tests.support.distribution import citus_nodes, distribute, is_distributed
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
    """Register the markers, distribute tasks, and replace what is slow.

    The hasher of passwords is a fast one. Permissions, which no test uses, are not created: Django
    would create them again after each transactional test.
    """
    config.addinivalue_line("markers", "once: run on PostgreSQL only.")
    config.addinivalue_line("markers", "e2e: kills and restarts real servers; slow.")
    config.addinivalue_line("markers", "undistributed(reason): not on a distributed table.")
    config.addinivalue_line("markers", "citus: on a Citus with workers only.")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    post_migrate.connect(distribute)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests that cannot hold on a distributed table, if the table is, or need Citus."""
    marked = [(item, mark) for item in items if (mark := item.get_closest_marker("undistributed"))]
    if marked and is_distributed():
        for item, mark in marked:
            item.add_marker(pytest.mark.skip(reason=mark.kwargs["reason"]))
    for item in items:
        if item.get_closest_marker("citus") and not citus_nodes():
            item.add_marker(pytest.mark.skip(reason="needs a Citus with workers"))


def pytest_report_header() -> str:
    """Show which database is used."""
    return f"database: {os.environ['DATABASE_URL'].partition(':')[0]}"
