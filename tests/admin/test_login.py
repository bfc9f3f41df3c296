"""Tests of the login to the admin: redirects, permissions, `next` and the rotation of the key."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.support.admin import LIST_URL, LOGIN_URL
from tests.support.client import API

PASSWORD = "correct horse battery staple"


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/admin", "/admin/"),
        ("/admin/", "/admin/login/?next=/admin/"),
        ("/admin/nowhere", "/admin/login/?next=/admin/nowhere"),
    ],
)
def test_anonymous_user_is_redirected(
    api: API, settings: Any, path: str, location: str, *, debug: bool
) -> None:
    settings.DEBUG = debug
    assert api.send(302, "GET", path)["Location"] == location


def test_user_without_permission_gets_403_in_html(api: API, admin_user: Any) -> None:
    admin_user.is_superuser = False
    admin_user.save()
    api.force_login(admin_user)
    assert api.send(403, "GET", LIST_URL)["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.django_db
@pytest.mark.parametrize("is_in_form", [False, True])
@pytest.mark.parametrize(
    ("following", "location"),
    [
        (f"{LIST_URL}?q=alice/", f"{LIST_URL}?q=alice/"),
        (f"{LIST_URL}?q=a/../../../..", f"{LIST_URL}?q=a/../../../.."),
        ("/admin/", "/admin/"),
        ("", "/admin/"),
        ("/api/alice/tasks", "/admin/"),
        ("/administration", "/admin/"),
        ("/admin", "/admin/"),
        ("/admin/../docs", "/admin/"),
        ("/admin/%2E%2e/docs", "/admin/"),
        ("/admin/tasks/.%2e/../docs", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("https://evil.example/admin/", "/admin/"),
        ("http://testserver/docs", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
        ("\0", "/admin/"),
    ],
)
def test_login_leads_to_the_admin_only(
    api: API, following: str, location: str, *, is_in_form: bool
) -> None:
    User.objects.create_superuser("alice", password=PASSWORD)
    api.handler.enforce_csrf_checks = False
    form = {"username": "alice", "password": PASSWORD}
    if is_in_form:
        response = api.post(LOGIN_URL, form | {"next": following})
    else:
        response = api.post(LOGIN_URL, form, query_params={"next": following})
    assert (response.status_code, response["Location"]) == (302, location)


def test_key_in_fallbacks_keeps_sessions_valid(api: API, admin_user: Any, settings: Any) -> None:
    api.force_login(admin_user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["other", settings.SECRET_KEY]
    api.send(200, "GET", LIST_URL)
    settings.SECRET_KEY_FALLBACKS = []  # the request has signed the session with the new key
    api.send(200, "GET", LIST_URL)


def test_replaced_key_ends_sessions(api: API, admin_user: Any, settings: Any) -> None:
    api.force_login(admin_user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["other"]
    assert api.send(302, "GET", LIST_URL)["Location"] == f"/admin/login/?next={LIST_URL}"
