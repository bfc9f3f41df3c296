"""Tests of the login to the admin: redirects, permissions and the limit of failed logins."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.timezone import now

from tests.support.admin import LIST_URL, LOGIN_URL
from tests.support.client import API
from todo_project.http.admin_middleware import client_ip
from todo_project.http.headers import CONTENT_SECURITY_POLICY

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


@pytest.fixture
def anonymous(db: None) -> API:
    """Return a client that is not logged in; create the superusers alice and bob."""
    for name in ("alice", "bob"):
        User.objects.create_superuser(name, password=PASSWORD)
    client = API()
    client.handler.enforce_csrf_checks = False
    return client


def log_in(client: API, name: str, password: str, ip: str) -> int:
    """Try to log in from an IP address; return the status."""
    form = {"username": name, "password": password}
    return client.post(LOGIN_URL, form, REMOTE_ADDR=ip).status_code


def test_ten_failed_logins_lock_the_user_name_from_any_ip(anonymous: API) -> None:
    statuses = [log_in(anonymous, "alice", "wrong", f"192.0.2.{number}") for number in range(10)]
    assert statuses == [200] * 9 + [429]
    assert log_in(anonymous, "alice", PASSWORD, "198.51.100.1") == 429
    assert log_in(anonymous, "bob", PASSWORD, "198.51.100.1") == 302


def test_ten_failed_logins_lock_the_ip_for_any_user_name(anonymous: API) -> None:
    statuses = [log_in(anonymous, f"name-{number}", "wrong", "192.0.2.1") for number in range(10)]
    assert statuses == [200] * 9 + [429]
    assert log_in(anonymous, "bob", PASSWORD, "192.0.2.1") == 429
    assert log_in(anonymous, "bob", PASSWORD, "192.0.2.2") == 302


def test_lock_ends_after_15_minutes_despite_further_attempts(anonymous: API) -> None:
    for _ in range(10):
        log_in(anonymous, "alice", "wrong", "192.0.2.1")
    for minutes, expected in ((14, 429), (16, 302)):
        AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=minutes))
        assert log_in(anonymous, "alice", PASSWORD, "192.0.2.1") == expected


def test_successful_login_resets_the_count(anonymous: API) -> None:
    for _ in range(2):
        for _ in range(9):
            assert log_in(anonymous, "alice", "wrong", "192.0.2.1") == 200
        assert log_in(anonymous, "alice", PASSWORD, "192.0.2.1") == 302


def test_locked_page_says_reason_and_duration(anonymous: API) -> None:
    for _ in range(10):
        log_in(anonymous, "alice", "wrong", "192.0.2.1")
    page = anonymous.post(LOGIN_URL, {"username": "alice", "password": "x"})
    assert "has had 10 failed logins. Try again in 15 minutes." in page.content.decode()
    assert page["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "ip"),
    [
        (True, "192.0.2.1", "192.0.2.1"),
        (True, "invented, 192.0.2.1", "192.0.2.1"),
        (True, "2001:db8::1", "2001:db8::1"),
        (True, "nonsense", "127.0.0.1"),
        (True, "", "127.0.0.1"),
        (False, "192.0.2.1", "127.0.0.1"),
    ],
)
def test_client_ip_is_the_last_of_x_forwarded_for_behind_a_proxy(
    settings: Any, forwarded: str, ip: str, *, behind_proxy: bool
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = HttpRequest()
    request.META = {"HTTP_X_FORWARDED_FOR": forwarded, "REMOTE_ADDR": "127.0.0.1"}
    assert client_ip(request) == ip


def test_client_ip_of_unix_socket_is_none() -> None:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": ""}
    assert client_ip(request) is None
