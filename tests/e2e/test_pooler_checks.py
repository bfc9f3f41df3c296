"""Tests of `check --deploy` through PgBouncer, which knows no settings of a session."""

import os
import re
import subprocess
import sys

from tests.support.servers.cluster import Cluster, primary
from tests.support.servers.gunicorn import manage
from tests.support.servers.platform import STRONG_KEY
from tests.support.servers.pooler import pooler
from todo_project.environment import BASE_DIR


def reported(url: str, cluster: Cluster) -> list[str]:
    """Return the ids of the messages."""
    variables = {
        "SECRET_KEY": STRONG_KEY,
        "SILENCED_SYSTEM_CHECKS": "todo.W010",
        "BEHIND_PROXY": "true",
        "DATABASE_URL": url,
        "DATABASE_POOLED": "true",
        "DATABASE_URL_UNPOOLED": cluster.url,
    }
    finished = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        env=os.environ | variables,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return re.findall(r"\((\w+\.[EW]\d+)\)", finished.stderr)


def test_settings_of_the_session_are_reported_until_the_role_is_configured() -> None:
    with primary() as cluster:
        manage(cluster.url, "migrate", "-v", "0")
        with pooler(cluster, size=2) as url:
            assert reported(url, cluster) == ["todo.W013"]
            manage(url, "configure_role", DATABASE_POOLED="true")
            assert reported(url, cluster) == ["todo.W013"]  # the pooler keeps its connections
        with pooler(cluster, size=2) as url:
            assert reported(url, cluster) == []


def test_other_database_behind_the_pooler_is_reported() -> None:
    with primary() as cluster, primary() as other:
        for each in (cluster, other):
            manage(each.url, "migrate", "-v", "0")
            manage(each.url, "configure_role")
        with pooler(other, size=2) as url:
            assert reported(url, cluster) == ["todo.E014"]
            assert reported(url, other) == []
