"""A test that PostgreSQL's log has no data of users with the documented setting."""

import re
from contextlib import closing
from pathlib import Path

from tests.support.servers.cluster import primary
from tests.support.servers.gunicorn import manage, run
from tests.support.servers.http_client import Client
from todo_project.environment import BASE_DIR

PERSONAL = ("personal-user-id", "personal-title", "personal-search")


def test_documented_setting_keeps_personal_data_out_of_the_log_of_statements(
    tmp_path: Path,
) -> None:
    page = (BASE_DIR / "docs" / "operations.md").read_text()
    [(name, value)] = re.findall(r"Set `(log_parameter_\w+) = (\d+)` on the server", page)
    printed = {}
    for settings in ({}, {name: value}):
        with primary(log_statement="all", log_min_duration_statement="0", **settings) as cluster:
            manage(cluster.url, "migrate", "-v", "0")
            with (
                run(tmp_path / "log", DATABASE_URL=cluster.url) as service,
                closing(Client(service.port)) as client,
            ):
                user, title, search = PERSONAL
                for _ in range(3):  # the second execution prepares the statement
                    path = f"/api/{user}/tasks"
                    assert client.send("POST", path, {"title": title}).status == 201
                    assert client.send("GET", f"{path}?search={search}").status == 200
            log = (cluster.directory / "log").read_text()
        assert "INSERT INTO" in log
        printed[name in settings] = [each for each in PERSONAL if each in log]
    assert printed == {False: [*PERSONAL], True: []}
