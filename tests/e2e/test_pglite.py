"""Tests of the service on PGlite, with the settings that docs/scaling.md names."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.documentation import SCALING
from tests.support.servers.gunicorn import manage, run
from tests.support.servers.http_client import Client, create_task, statuses
from tests.support.servers.pglite import pglite
from tests.support.servers.platform import STRONG_KEY


def documented_variables() -> dict[str, str]:
    """Return the variables of the row about PGlite."""
    [row] = re.findall(r"^\| \[PGlite\].*$", SCALING.read_text(), re.MULTILINE)
    return dict(re.findall(r"`([A-Z_]+)=(\w+)`", row))


def test_service_works_on_pglite_and_after_its_restart(tmp_path: Path) -> None:
    variables = documented_variables()
    tasks: list[dict[str, Any]] = []
    for start in ("first", "second"):
        with pglite(tmp_path) as url:
            for command in (["migrate", "-v", "0"], ["configure_role"], ["check", "--deploy"]):
                manage(url, *command, SECRET_KEY=STRONG_KEY, **variables)
            with (
                run(tmp_path / start, DATABASE_URL=url, **variables) as service,
                closing(Client(service.port)) as client,
            ):
                assert statuses(client, "/readyz") == [200]
                for _ in range(5):
                    created = create_task(client, "alice")
                    assert created.status == 201
                    tasks.insert(0, created.json())
                found = client.send("GET", "/api/alice/tasks?search=MILK&limit=100")
                assert found.json() == tasks
                task_url = f"/api/alice/tasks/{tasks[0]['id']}"
                changed = client.send("PATCH", task_url, {"completed": True}).json()
                assert changed["updated_at"] > tasks[0]["updated_at"]
                tasks[0] = changed
            assert service.reports() == []
