"""Tests of the search before PostgreSQL 17, where the case of letters depends on the locale."""

from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.servers.cluster import primary, programs_of
from tests.support.servers.gunicorn import manage, run
from tests.support.servers.http_client import Client

VERSION = 16
SEARCHES = [
    ("WINDOW", "window"),
    ("window", "WINDOW"),
    ("İstanbul", "istanbul"),
    ("ISTANBUL", "İSTANBUL"),
    ("\u0131l\u0131k", "ILIK"),
    ("ΟΔΟΣΑ", "οδος"),
    ("οδοσα", "ΟΔΟς"),
    ("Straẞe", "straße"),
    ("Äpfel", "ÄPFEL"),
    ("Молоко", "МОЛОКО"),
    ("ԲԱՐԵՎ", "բարե"),
]


@pytest.mark.parametrize("locale", ["tr", "en", "el", "lt"])
def test_search_finds_a_substring_in_any_case_under_a_locale_of_icu(
    tmp_path: Path, locale: str
) -> None:
    with primary(programs_of(VERSION), icu_locale=locale, fsync="off") as cluster:
        manage(cluster.url, "migrate", "-v", "0")
        with (
            run(tmp_path / "log", DATABASE_URL=cluster.url) as service,
            closing(Client(service.port)) as client,
        ):
            for title, search in SEARCHES:
                path = f"/api/{quote(title)}/tasks"
                for each in (title, "another"):
                    assert client.send("POST", path, {"title": each}).status == 201
                found = client.send("GET", f"{path}?search={quote(search)}").json()
                assert [task["title"] for task in found] == [title]
