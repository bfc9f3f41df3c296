"""What a client learns from one instance holds at every other."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import Instance, run
from tests.support.servers.load import Client


@pytest.fixture
def here(service: Instance) -> Iterator[Client]:
    with closing(Client(service.port)) as client:
        yield client


@pytest.fixture
def there(cluster: Cluster, tmp_path: Path) -> Iterator[Client]:
    with (
        run(tmp_path / "there", DATABASE_URL=cluster.url) as instance,
        closing(Client(instance.port)) as client,
    ):
        yield client


@pytest.fixture
def tasks() -> str:
    """Return the address of the tasks of a user who has none yet."""
    return f"/api/{uuid4()}/tasks"


def test_an_idempotency_key(here: Client, there: Client, tasks: str) -> None:
    first = here.ask("POST", tasks, {"title": "Milk"}, Idempotency_Key="k")
    again = there.ask("POST", tasks, {"title": "Milk"}, Idempotency_Key="k")
    assert (first.status, again.status) == (201, 201)
    assert (first.headers["Idempotent-Replayed"], again.headers["Idempotent-Replayed"]) == (
        None,
        "true",
    )
    assert first.headers["Location"] == again.headers["Location"]
    assert first.body == again.body
    assert here.ask("GET", tasks).json() == there.ask("GET", tasks).json() == [first.json()]


def test_the_validator_of_a_task(here: Client, there: Client, tasks: str) -> None:
    created = here.ask("POST", tasks, {"title": "Milk"})
    address, tag = created.headers["Location"], created.headers["ETag"]
    assert there.ask("GET", address, If_None_Match=tag).status == 304
    edited = there.ask("PATCH", address, {"title": "Bread"}, If_Match=tag)
    assert edited.status == 200
    late = here.ask("PATCH", address, {"title": "Eggs"}, If_Match=tag)
    assert (late.status, late.json()["current"]) == (412, edited.json())


def test_the_validator_of_a_list(here: Client, there: Client, tasks: str) -> None:
    here.ask("POST", tasks, {"title": "Milk"})
    tag = here.ask("GET", tasks).headers["ETag"]
    assert there.ask("GET", tasks, If_None_Match=tag).status == 304
    there.ask("POST", tasks, {"title": "Bread"})
    assert here.ask("GET", tasks, If_None_Match=tag).status == 200


def test_a_cursor(here: Client, there: Client, tasks: str) -> None:
    titles = ["Milk", "Bread", "Eggs"]
    for title in titles:
        here.ask("POST", tasks, {"title": title})
    page = here.ask("GET", f"{tasks}?limit=2")
    following = page.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    rest = there.ask("GET", following)
    assert (page.status, rest.status) == (200, 200)
    seen = page.json() + rest.json()
    assert [task["title"] for task in seen] == titles[::-1]
