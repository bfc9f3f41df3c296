"""What protects the people behind a browser: headers, HTTPS, and a lock on the admin's door."""

from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.timezone import now

from tests.support.client import API, TASKS
from tests.support.servers.gunicorn import serve
from todo_project.http.admin_middleware import client_ip

LOGIN = "/admin/login/"
PASSWORD = "correct horse battery staple"
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/docs", "/problems/", "/problems/not-found", LOGIN])
def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_that_stands_in_it(
    api: API, path: str
) -> None:
    response = api.send(200, "GET", path, accept="text/html")
    assert response["Content-Security-Policy"] == POLICY
    page = response.content.decode()
    assert "<script>" not in page
    assert "<style" not in page
    assert " style=" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/docs", TASKS, "/healthz", LOGIN])
def test_a_browser_guesses_no_type_tells_no_other_site_and_shares_no_window(
    api: API, path: str
) -> None:
    response = api.send(200, "GET", path, accept="*/*")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tmp_path_factory.mktemp("security") / "log")


def get(address: str, path: str, **headers: str) -> HTTPResponse:
    client = HTTPConnection(address.removeprefix("http://"), timeout=10)
    client.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    response = client.getresponse()
    response.read()
    client.close()
    return response


@pytest.mark.django_db(transaction=True)
def test_in_production_everything_is_https(log: Path) -> None:
    with serve(log, BEHIND_PROXY="") as address:  # the default, where DEBUG is off
        plain = get(address, f"{TASKS}?limit=1", host="localhost")
        assert plain.status == 301
        assert plain.headers["Location"] == f"https://localhost{TASKS}?limit=1"
        assert "Strict-Transport-Security" not in plain.headers

        encrypted = get(address, TASKS, x_forwarded_proto="https")
        assert encrypted.status == 200
        assert encrypted.headers["Strict-Transport-Security"] == (
            "max-age=31536000; includeSubDomains; preload"
        )
        page = get(address, LOGIN, x_forwarded_proto="https")
        assert page.headers["Set-Cookie"].endswith("Path=/; SameSite=Lax; Secure")

        for probe in ("/healthz", "/readyz"):
            assert get(address, probe, host="10.1.2.3:8000").status == 200


@pytest.mark.django_db(transaction=True)
def test_without_a_router_in_front_nobody_is_believed_to_be_one(log: Path) -> None:
    with serve(log, BEHIND_PROXY="false") as address:
        response = get(address, TASKS, x_forwarded_proto="https")
    assert response.status == 200
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_a_probe_needs_to_know_no_name_of_ours(api: API, path: str) -> None:
    api.send(200, "GET", path, host="healthcheck.railway.app")
    api.send(400, "GET", TASKS, host="healthcheck.railway.app")


@pytest.fixture
def visitor(db: None) -> API:
    """Return a client in front of an admin that knows alice and bob."""
    for name in ("alice", "bob"):
        User.objects.create_superuser(name, password=PASSWORD)
    client = API()
    client.handler.enforce_csrf_checks = False
    return client


def login(visitor: API, name: str, password: str, address: str) -> int:
    form = {"username": name, "password": password}
    return visitor.post(LOGIN, form, REMOTE_ADDR=address).status_code


def test_ten_wrong_passwords_lock_a_name_wherever_it_is_tried(visitor: API) -> None:
    tried = [login(visitor, "alice", "wrong", f"192.0.2.{number}") for number in range(10)]
    assert tried == [200] * 9 + [429]
    assert login(visitor, "alice", PASSWORD, "198.51.100.1") == 429
    assert login(visitor, "bob", PASSWORD, "198.51.100.1") == 302


def test_ten_wrong_passwords_lock_an_address_whatever_name_it_tries(visitor: API) -> None:
    tried = [login(visitor, f"name-{number}", "wrong", "192.0.2.1") for number in range(10)]
    assert tried == [200] * 9 + [429]
    assert login(visitor, "bob", PASSWORD, "192.0.2.1") == 429
    assert login(visitor, "bob", PASSWORD, "192.0.2.2") == 302


def test_the_lock_opens_after_15_minutes_however_often_it_is_tried(visitor: API) -> None:
    for _ in range(10):
        login(visitor, "alice", "wrong", "192.0.2.1")
    for minutes, expected in ((14, 429), (16, 302)):
        AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=minutes))
        assert login(visitor, "alice", PASSWORD, "192.0.2.1") == expected


def test_who_gets_in_starts_anew(visitor: API) -> None:
    for _ in range(2):
        for _ in range(9):
            assert login(visitor, "alice", "wrong", "192.0.2.1") == 200
        assert login(visitor, "alice", PASSWORD, "192.0.2.1") == 302


def test_the_locked_door_says_why_and_when_to_come_back(visitor: API) -> None:
    for _ in range(10):
        login(visitor, "alice", "wrong", "192.0.2.1")
    page = visitor.post(LOGIN, {"username": "alice", "password": "x"})
    assert "has had 10 failed logins. Try again in 15 minutes." in page.content.decode()
    assert page["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "address"),
    [
        (True, "192.0.2.1", "192.0.2.1"),
        (True, "invented, 192.0.2.1", "192.0.2.1"),
        (True, "2001:db8::1", "2001:db8::1"),
        (True, "nonsense", "127.0.0.1"),
        (True, "", "127.0.0.1"),
        (False, "192.0.2.1", "127.0.0.1"),
    ],
)
def test_a_person_comes_from_where_the_router_says(
    settings: Any, forwarded: str, address: str, *, behind_proxy: bool
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = HttpRequest()
    request.META = {"HTTP_X_FORWARDED_FOR": forwarded, "REMOTE_ADDR": "127.0.0.1"}
    assert client_ip(request) == address


def test_a_socket_has_no_address(settings: Any) -> None:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": ""}
    assert client_ip(request) is None
