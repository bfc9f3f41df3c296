"""Tests of the limits of failed logins to the admin, and of the commands that unlock a login."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils.text import capfirst
from django.utils.timezone import now

from tests.support.admin import LOGIN_URL
from tests.support.client import API
from todo_project.middleware.security import CONTENT_SECURITY_POLICY

PASSWORD = "correct horse battery staple"
IP, OTHER_IP = "192.0.2.1", "198.51.100.1"
UNLOCKED, LOCKED, LOGGED_IN = 200, 429, 302


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
    client.logout()
    form = {"username": name, "password": password}
    return client.post(LOGIN_URL, form, REMOTE_ADDR=ip).status_code


def guess(client: API, name: str, ip: str, count: int) -> list[int]:
    """Try to log in with wrong passwords, each with another user agent; return the statuses."""
    form = {"username": name, "password": "wrong"}
    return [
        client.post(LOGIN_URL, form, REMOTE_ADDR=ip, HTTP_USER_AGENT=f"agent-{number}").status_code
        for number in range(count)
    ]


def store_failures(name: str, count: int, ip: str = IP) -> None:
    """Store failed logins, as `guess` causes them."""
    AccessAttempt.objects.create(username=name, ip_address=ip, failures_since_start=count)


def test_ten_failures_lock_the_user_name_from_the_same_ip(anonymous: API) -> None:
    assert guess(anonymous, "alice", IP, 10) == [UNLOCKED] * 9 + [LOCKED]
    assert log_in(anonymous, "alice", PASSWORD, IP) == LOCKED
    assert log_in(anonymous, "alice", PASSWORD, OTHER_IP) == LOGGED_IN
    assert log_in(anonymous, "bob", PASSWORD, IP) == LOGGED_IN


def test_hundred_failures_lock_the_user_name_from_any_ip(anonymous: API) -> None:
    for number in range(11):
        store_failures("alice", 9 if number else 8, f"192.0.2.{number}")
    assert guess(anonymous, "alice", "192.0.2.11", 2) == [UNLOCKED, LOCKED]
    assert log_in(anonymous, "alice", PASSWORD, OTHER_IP) == LOCKED
    assert log_in(anonymous, "bob", PASSWORD, OTHER_IP) == LOGGED_IN


def test_fifty_failures_lock_the_ip_for_any_user_name(anonymous: API) -> None:
    for number in range(24):
        store_failures(f"name-{number}", 2)
    assert guess(anonymous, "name", IP, 2) == [UNLOCKED, LOCKED]
    assert log_in(anonymous, "bob", PASSWORD, IP) == LOCKED
    assert log_in(anonymous, "bob", PASSWORD, OTHER_IP) == LOGGED_IN


@pytest.mark.parametrize("name", ["a" * 151, "a" * 300, "\ufdfa" * 150])  # NFKC: 2,700 characters
def test_name_that_no_user_can_have_is_counted_and_no_password_hashed(
    anonymous: API, settings: Any, name: str
) -> None:
    settings.PASSWORD_HASHERS = []
    assert guess(anonymous, name, IP, 10) == [UNLOCKED] * 9 + [LOCKED]


def test_own_login_does_not_reset_the_failures_of_another_name(anonymous: API) -> None:
    assert guess(anonymous, "bob", IP, 9) == [UNLOCKED] * 9
    assert log_in(anonymous, "alice", PASSWORD, IP) == LOGGED_IN
    assert guess(anonymous, "bob", IP, 1) == [LOCKED]


def test_own_login_does_not_reset_the_failures_of_the_ip(anonymous: API) -> None:
    for number in range(5):
        store_failures(f"name-{number}", 9)
        assert log_in(anonymous, "alice", PASSWORD, IP) == LOGGED_IN
    assert guess(anonymous, "bob", IP, 5) == [UNLOCKED] * 4 + [LOCKED]
    assert log_in(anonymous, "alice", PASSWORD, IP) == LOCKED


def test_login_resets_the_failures_of_the_user_name_from_the_same_ip(anonymous: API) -> None:
    for _ in range(6):
        store_failures("alice", 9)
        assert log_in(anonymous, "alice", PASSWORD, IP) == LOGGED_IN
    assert not AccessAttempt.objects.exists()


def test_lock_ends_after_15_minutes_despite_further_attempts(anonymous: API) -> None:
    store_failures("alice", 10)
    for minutes, expected in ((14, LOCKED), (16, LOGGED_IN)):
        AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=minutes))
        assert log_in(anonymous, "alice", PASSWORD, IP) == expected


def test_locked_page_says_reason_duration_and_whom_to_ask(anonymous: API) -> None:
    store_failures("alice", 10)
    form = {"username": "alice", "password": PASSWORD}
    page = anonymous.post(LOGIN_URL, form, REMOTE_ADDR=IP)
    [reason, help_text] = re.findall("<p>(.*)</p>", page.content.decode())
    assert reason == (
        "There were too many failed logins for this user name, or from your network. "
        "Try again in 15 minutes."
    )
    assert help_text == (
        "If you cannot wait, ask another administrator of this service to delete your failed "
        f"logins under “{capfirst(AccessAttempt._meta.verbose_name_plural)}” in this admin."
    )
    assert page["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    ("command", "unlocked"),
    [
        (["axes_reset"], {"alice", "bob"}),
        (["axes_reset_username", "alice"], {"alice"}),
        (["axes_reset_ip", IP], {"alice", "bob"}),
        (["axes_reset_ip_username", IP, "bob"], {"bob"}),
        (["axes_reset_ip", OTHER_IP], set()),
    ],
)
def test_documented_command_unlocks(
    anonymous: API, command: list[str], unlocked: set[str]
) -> None:
    for name in ("alice", "bob"):
        store_failures(name, 10)
    call_command(*command, stdout=StringIO())
    for name in ("alice", "bob"):
        expected = LOGGED_IN if name in unlocked else LOCKED
        assert log_in(anonymous, name, PASSWORD, IP) == expected


def test_failures_are_listed_with_address_and_user_name(anonymous: API) -> None:
    anonymous.post(LOGIN_URL, {"username": "alice", "password": "wrong"}, REMOTE_ADDR=IP)
    output = StringIO()
    call_command("axes_list_attempts", stdout=output)
    assert output.getvalue() == f"{IP}\talice\t1\n"
