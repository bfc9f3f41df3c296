"""Tests of titles and user ids with bidirectional control characters in the admin (UAX #9)."""

import re
from collections.abc import Callable

import pytest

from tasks.bidi import isolate
from tasks.models import Task
from tests.support.admin import LIST_URL, change_url, delete_url, history_url, load_form
from tests.support.client import API
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db

OVERRIDE = "\u202eevil"  # RIGHT-TO-LEFT OVERRIDE
ISOLATED = "\u2068\ufffdevil\u2069"


@pytest.fixture
def evil() -> Task:
    return TaskFactory.create(title=OVERRIDE, user_id=f"user-{OVERRIDE}")


@pytest.mark.parametrize(
    ("text", "isolated"),
    [
        ("Buy milk", "\u2068Buy milk\u2069"),
        ("\u05d7\u05dc\u05d1", "\u2068\u05d7\u05dc\u05d1\u2069"),
        ("a\u200fb", "\u2068a\u200fb\u2069"),
        (OVERRIDE, ISOLATED),
        ("a\u2069\u202eb", "\u2068a\ufffd\ufffdb\u2069"),
        ("a\u2067\u2066b\u202c", "\u2068a\ufffd\ufffdb\ufffd\u2069"),
        ("a\u2029\u202db", "\u2068a\ufffd\ufffdb\u2069"),
    ],
)
def test_isolated_text_has_no_control_that_leaves_the_isolate(text: str, isolated: str) -> None:
    assert isolate(text) == isolated


def test_list_isolates_titles_and_user_ids(admin: API, evil: Task) -> None:
    page = admin.get(LIST_URL).content.decode()
    assert re.findall("<bdi>(.*?)</bdi>", page) == ["\ufffdevil", "user-\ufffdevil"]
    assert OVERRIDE not in page


@pytest.mark.parametrize(("url", "count"), [(change_url, 3), (delete_url, 2), (history_url, 3)])
def test_pages_of_a_task_isolate_its_title(
    admin: API, evil: Task, url: Callable[[Task], str], count: int
) -> None:
    page = admin.get(url(evil)).content.decode()
    assert page.count(ISOLATED) == count
    blocks = [f'value="{OVERRIDE}"', f'<div class="readonly">user-{OVERRIDE}</div>']
    assert page.count(OVERRIDE) == sum(page.count(block) for block in blocks)


def test_confirmation_isolates_titles_and_user_ids(admin: API, evil: Task) -> None:
    form = {"action": "delete_selected", "_selected_action": str(evil.id)}
    page = admin.post(LIST_URL, form).content.decode()
    [[title, user_id]] = re.findall('"field-name">(.*?)<.*"field-owner">(.*?)<', page)
    assert (title, user_id) == (ISOLATED, "\u2068user-\ufffdevil\u2069")
    assert OVERRIDE not in page


def test_messages_and_recent_actions_isolate_titles(admin: API, evil: Task) -> None:
    form = load_form(admin, change_url(evil)) | {"completed": "on"}
    page = admin.post(change_url(evil), form, follow=True).content.decode()
    message = f'The task “<a href="{change_url(evil)}">{ISOLATED}</a>” was changed successfully.'
    assert f'<li class="success">{message}</li>' in page
    assert ISOLATED in admin.get("/admin/").content.decode()
    page = admin.post(delete_url(evil), {"post": "yes"}, follow=True).content.decode()
    assert f"The task “{ISOLATED}” was deleted successfully." in page
    assert OVERRIDE not in page
