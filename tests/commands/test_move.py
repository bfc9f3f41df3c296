"""Tests of a move from SQLite to PostgreSQL and back: the API answers in the same bytes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.processes import run_python
from tests.support.servers.gunicorn import database_url, manage, run
from tests.support.servers.http_client import Client, Response
from tests.support.stored_tasks import ROWS, numbered, write
from todo_project.environment import BASE_DIR

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

USERS = sorted({row["user_id"] for row in ROWS})
BODY = {"title": "Created with a key 🎂", "description": "a\r\nb"}
KEY = {"Idempotency_Key": "k-1"}

Answers = list[tuple[str, str | None, bytes]]


def list_url(user_id: str) -> str:
    return f"/api/{quote(user_id, safe='')}/tasks"


def get(client: Client, url: str) -> Response:
    response = client.send("GET", url)
    assert response.status == 200, response.body
    return response


def answers(client: Client) -> Answers:
    """Return URL, entity tag and body of each user's list, of its pages, and of each task."""
    responses = []
    urls = [url for user in USERS for url in (list_url(user), f"{list_url(user)}?limit=2")]
    for url in urls:
        response = get(client, url)
        responses.append((url, response.headers["ETag"], response.body))
        if link := re.match("<(.+)>", response.headers["Link"] or ""):
            urls.append(link[1])
        if "?" not in url:
            tasks = [f"{url}/{task['id']}" for task in response.json()]
            found = [(task, get(client, task)) for task in tasks]
            responses += [(task, each.headers["ETag"], each.body) for task, each in found]
    return responses


def move(source: str, target: str, file: Path) -> str:
    """Move all tasks to an empty database; return the last line that is printed."""
    manage(target, "migrate", "--verbosity=0")
    manage(source, "export_tasks", f"--output={file}", "--verbosity=0")
    return run_python("manage.py", "import_tasks", str(file), DATABASE_URL=target)


def test_move_to_postgresql_and_back_changes_no_answer(tmp_path: Path) -> None:
    first, last = (f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("first", "last"))
    rows = write(tmp_path / "rows.jsonl")
    manage(first, "migrate", "--verbosity=0")
    manage(first, "import_tasks", str(rows), "--verbosity=0")
    with run(tmp_path / "log", DATABASE_URL=first) as service:
        client = Client(service.port)
        created = client.send("POST", list_url("alice"), BODY, **KEY)
        assert created.status == 201
        before = answers(client)
        assert sum("limit" in url for url, _, _ in before) == 4 + 2 + 1
        client.close()
    for number, (source, target) in enumerate([(first, database_url()), (database_url(), last)]):
        printed = move(source, target, tmp_path / f"{number}.jsonl")
        assert printed.endswith("created 11, already there 0.\n")
        with run(tmp_path / "log", DATABASE_URL=target) as service:
            client = Client(service.port)
            assert answers(client) == before
            repeated = client.send("POST", list_url("alice"), BODY, **KEY)
            assert (repeated.status, repeated.body) == (201, created.body)
            assert repeated.headers["Idempotent-Replayed"] == "true"
            assert repeated.headers["Location"] == created.headers["Location"]
            assert answers(client) == before
            client.close()


def test_commands_use_the_direct_connection(tmp_path: Path) -> None:
    file = write(tmp_path / "tasks.jsonl", ROWS[:1])
    urls = {
        "DATABASE_URL": "postgresql://u@127.0.0.1:1/todo",
        "DATABASE_URL_UNPOOLED": database_url(),
    }
    imported = run_python("manage.py", "import_tasks", str(file), **urls)
    assert imported.endswith("created 1, already there 0.\n")
    assert run_python("manage.py", "export_tasks", **urls).encode() == file.read_bytes()


def test_concurrent_imports_count_each_task_once(tmp_path: Path) -> None:
    file = write(tmp_path / "tasks.jsonl", numbered(10_000))
    processes = [
        subprocess.Popen(
            [sys.executable, "manage.py", "import_tasks", str(file)],
            env=os.environ | {"DATABASE_URL": database_url()},
            cwd=BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    reports = [process.communicate()[0] for process in processes]
    counts = [[int(each) for each in re.findall(r"(?:created|there) (\d+)", r)] for r in reports]
    assert [sum(each) for each in zip(*counts, strict=True)] == [10_000, 10_000]
    assert [process.returncode for process in processes] == [0, 0]
