"""Tests of two instances on one database: what one of them returns is valid at the other."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import run
from tests.support.servers.http_client import Client


@pytest.fixture
def other_client(cluster: Cluster, tmp_path: Path) -> Iterator[Client]:
    """Return a client of a second instance."""
    with (
        run(tmp_path / "second", DATABASE_URL=cluster.url) as instance,
        closing(Client(instance.port)) as client,
    ):
        yield client


@pytest.fixture
def tasks_url() -> str:
    """Return the URL of the tasks of a user who has none."""
    return f"/api/{uuid4()}/tasks"


def test_idempotency_key_is_known_to_other_instance(
    client: Client, other_client: Client, tasks_url: str
) -> None:
    first = client.send("POST", tasks_url, {"title": "Milk"}, Idempotency_Key="k")
    second = other_client.send("POST", tasks_url, {"title": "Milk"}, Idempotency_Key="k")
    assert (first.status, second.status) == (201, 201)
    assert (first.headers["Idempotent-Replayed"], second.headers["Idempotent-Replayed"]) == (
        None,
        "true",
    )
    assert first.headers["Location"] == second.headers["Location"]
    assert first.body == second.body
    for each in (client, other_client):
        assert each.send("GET", tasks_url).json() == [first.json()]


def test_task_etag_is_valid_at_other_instance(
    client: Client, other_client: Client, tasks_url: str
) -> None:
    created = client.send("POST", tasks_url, {"title": "Milk"})
    url, etag = created.headers["Location"], created.headers["ETag"]
    assert other_client.send("GET", url, If_None_Match=etag).status == 304
    updated = other_client.send("PATCH", url, {"title": "Bread"}, If_Match=etag)
    assert updated.status == 200
    failed = client.send("PATCH", url, {"title": "Eggs"}, If_Match=etag)
    assert (failed.status, failed.json()["current"]) == (412, updated.json())


def test_list_etag_is_valid_at_other_instance(
    client: Client, other_client: Client, tasks_url: str
) -> None:
    client.send("POST", tasks_url, {"title": "Milk"})
    etag = client.send("GET", tasks_url).headers["ETag"]
    assert other_client.send("GET", tasks_url, If_None_Match=etag).status == 304
    other_client.send("POST", tasks_url, {"title": "Bread"})
    assert client.send("GET", tasks_url, If_None_Match=etag).status == 200


def test_cursor_is_valid_at_other_instance(
    client: Client, other_client: Client, tasks_url: str
) -> None:
    titles = ["Milk", "Bread", "Eggs"]
    for title in titles:
        client.send("POST", tasks_url, {"title": title})
    first = client.send("GET", f"{tasks_url}?limit=2")
    next_url = first.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    second = other_client.send("GET", next_url)
    assert (first.status, second.status) == (200, 200)
    assert [task["title"] for task in first.json() + second.json()] == titles[::-1]
