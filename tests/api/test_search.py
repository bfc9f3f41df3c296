"""Tests of the `search` parameter and of case folding."""

from unicodedata import ucd_3_2_0
from urllib.parse import urlencode

import pytest
from django.db import connection

from tasks.functions import CaseFold, casefold
from tasks.models import DESCRIPTION_LENGTH, Task
from tests.support.client import API, TASKS
from tests.support.factories import TaskFactory
from tests.support.pages import titles


def search_titles(api: API, search: str) -> list[str]:
    return titles(api.send(200, "GET", f"{TASKS}?{urlencode({'search': search})}"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("Buy milk", "MILK"),
        ("BUY MILK", "y m"),
        ("Äpfel", "ÄPFEL"),
        ("ÄPFEL", "äpf"),
        ("Молоко", "МОЛОКО"),
        ("ΟΔΟΣ", "οδος"),
        ("οδοσ", "ΟΔΟς"),
        ("Straẞe", "straße"),
        ("ԲԱՐԵՎ", "բարե"),
        ("𐐀𐐁", "𐐨𐐩"),
        ("100 % sure", "% S"),
        ("snake_case", "_CASE"),
        (r"C:\temp", r":\T"),
        ("it's", "'"),
        ("a  b", "  "),
    ],
)
def test_search_finds_a_substring_in_any_case(api: API, text: str, search: str) -> None:
    TaskFactory.create(title=text, description=None)
    TaskFactory.create(title="other", description=text)
    TaskFactory.create(title="neither", description="")
    assert sorted(search_titles(api, search)) == sorted([text, "other"])


@pytest.mark.django_db
@pytest.mark.parametrize("search", ["%", "_", "\\", "m%k", "m_lk", ".", "[a-z]", "milk ", "ilkm"])
def test_search_has_no_wildcards(api: API, search: str) -> None:
    TaskFactory.create(title="milk", description="milk")
    assert search_titles(api, search) == []


@pytest.mark.django_db
def test_search_of_200_characters_is_accepted(api: API) -> None:
    TaskFactory.create(title="🥛" * 200)
    assert search_titles(api, "🥛" * 200) == ["🥛" * 200]


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Äb", "äb"), ("ß", "ß"), ("ﬁ", "ﬁ"), ("İ", "i"), (None, None)],
)
def test_casefold_maps_each_letter_to_one_letter(text: str | None, folded: str | None) -> None:
    assert casefold(text) == folded


@pytest.mark.django_db
def test_database_folds_every_letter_as_python_does() -> None:
    # Later versions of Unicode added letters that an older Python or database does not fold.
    letters = "".join(
        letter for letter in map(chr, range(0x110000)) if ucd_3_2_0.category(letter)[0] == "L"
    )
    for start in range(0, len(letters), DESCRIPTION_LENGTH):
        TaskFactory.create(description=letters[start : start + DESCRIPTION_LENGTH])
    for text, folded in Task.objects.values_list("description", CaseFold("description")):
        assert folded == casefold(text)


@pytest.mark.django_db
@pytest.mark.once
def test_postgresql_before_17_folds_by_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "pg_version", 160000)
    TaskFactory.create(title="MILK Ä ıİ ßẞ ς")
    with connection.cursor() as cursor:
        cursor.execute("SELECT datcollate FROM pg_database WHERE datname = current_database()")
        [(locale,)] = cursor.fetchall()
    # In "C", only ASCII letters have a case.
    folded = "milk Ä ii ẞẞ \u03c3" if locale == "C" else "milk ä ii ßß \u03c3"
    assert Task.objects.values_list(CaseFold("title")).get() == (folded,)
