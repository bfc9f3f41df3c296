"""Tests of the pages of the admin about failed logins."""

import re

import pytest
from axes.models import AccessAttempt

from tests.support.admin import ATTEMPTS_URL, LOGIN_URL
from tests.support.client import API

pytestmark = pytest.mark.django_db

IP = "192.0.2.1"


@pytest.fixture
def attempt() -> AccessAttempt:
    return AccessAttempt.objects.create(
        username="mallory", ip_address=IP, failures_since_start=10, user_agent="curl/8"
    )


def test_names_of_apps_and_models_are_words(admin: API) -> None:
    page = admin.get("/admin/").content.decode()
    assert re.findall(r'class="section"[^>]*>\s*(.*?)\s*</a>', page) == [
        "Authentication and Authorization",
        "Logins",
        "Tasks",
    ]
    models = re.findall(r'<th scope="row" id="([^"]*)">\s*<a href="[^"]*">(.*)</a>', page)
    assert [name for _, name in models] == ["Groups", "Users", "Access attempts", "Tasks"]


def test_list_finds_attempts_by_user_name_or_address(admin: API, attempt: AccessAttempt) -> None:
    for query, count in (("", 1), ("q=mallory", 1), ("q=192.0.2", 1), ("q=bob", 0)):
        page = admin.get(f"{ATTEMPTS_URL}?{query}").content.decode()
        assert "<h1>Select access attempt to view</h1>" in page
        assert page.count('<td class="field-username">mallory</td>') == count


def test_attempt_cannot_be_added_or_changed(admin: API, attempt: AccessAttempt) -> None:
    url = f"{ATTEMPTS_URL}{attempt.pk}/change/"
    page = admin.get(url).content.decode()
    assert re.findall(r'<div class="readonly">(.*)</div>', page)[1:4] == ["mallory", IP, "10"]
    assert admin.post(url, {"username": "bob"}).status_code == 403
    assert admin.get(f"{ATTEMPTS_URL}add/").status_code == 403
    attempt.refresh_from_db()
    assert attempt.username == "mallory"


def test_deleted_attempt_unlocks_the_login(admin: API, attempt: AccessAttempt) -> None:
    other = API()
    other.handler.enforce_csrf_checks = False
    statuses = []
    for _ in range(2):
        form = {"username": "mallory", "password": "wrong"}
        statuses.append(other.post(LOGIN_URL, form, REMOTE_ADDR=IP).status_code)
        admin.post(f"{ATTEMPTS_URL}{attempt.pk}/delete/", {"post": "yes"})
    assert statuses == [429, 200]
