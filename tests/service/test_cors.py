"""Tests of CORS: preflights, and responses to allowed and other origins."""

import re
from typing import Any

import pytest

from tests.support.client import API, TASKS
from tests.support.documentation import code_blocks
from tests.support.processes import start
from todo_project.environment import BASE_DIR, env_origins
from todo_project.http.origins import compile_pattern

pytestmark = pytest.mark.django_db

ORIGIN = "https://app.example.com"


def test_preflight_allows_all_methods_and_headers_of_the_api(api: API) -> None:
    response = api.send(
        200,
        "OPTIONS",
        TASKS,
        origin=ORIGIN,
        access_control_request_method="PATCH",
        access_control_request_headers="if-match",
    )
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert response["Access-Control-Allow-Methods"] == (
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    )
    assert response["Access-Control-Allow-Headers"] == (
        "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, "
        "tracestate, x-request-id"
    )
    assert "Access-Control-Allow-Credentials" not in response
    assert response["X-Request-ID"]
    assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(("path", "status"), [(TASKS, 200), ("/nowhere", 404)])
def test_allowed_origin_can_read_response(api: API, path: str, status: int) -> None:
    response = api.send(status, "GET", path, origin=ORIGIN)
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert response["Access-Control-Expose-Headers"] == (
        "ETag, Link, Location, Idempotent-Replayed, Retry-After, X-Request-ID"
    )
    assert "origin" in response["Vary"]


def test_allowed_origin_can_read_response_to_invalid_host(api: API) -> None:
    response = api.send(400, "GET", TASKS, origin=ORIGIN, host="evil.example")
    assert response["Access-Control-Allow-Origin"] == ORIGIN


def test_other_origin_cannot_read_response(api: API) -> None:
    response = api.send(200, "GET", TASKS, origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in response


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "file://",
        "capacitor://localhost",
        "tauri://localhost",
        "chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn",
        "http://[::1]:3000",
    ],
)
def test_origin_of_any_scheme_can_be_allowed(api: API, settings: Any, origin: str) -> None:
    for allowed, shown in ([origin], origin), ([ORIGIN], None):
        settings.CORS_ALLOWED_ORIGINS = allowed
        response = api.send(200, "GET", TASKS, origin=origin)
        assert response.get("Access-Control-Allow-Origin") == shown


PATTERN = "https://app-*.example.app"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app-git-main-7.example.app", True),
        ("https://app-.example.app", False),
        ("https://app-a.b.example.app", False),
        ("https://app-a_b.example.app", False),
        ("https://app-a.exampleXapp", False),
        ("https://app-a.example.app:8443", False),
        ("http://app-a.example.app", False),
        ("https://app-a.example.app.attacker.example", False),
        ("https://app-a.example.app@attacker.example", False),
        ("https://attacker.example/app-a.example.app", False),
        ("https://app-a@attacker.example", False),
        ("https://app-@attacker.example#.example.app", False),
        ("https://app-a.example.app\n", False),
        ("https://app-a.example.app/", False),
        ("x-https://app-a.example.app", False),
        (PATTERN, False),
    ],
)
def test_pattern_matches_whole_origins(
    api: API, settings: Any, origin: str, *, allowed: bool
) -> None:
    settings.CORS_ALLOWED_ORIGIN_REGEXES = [compile_pattern(PATTERN)]
    response = api.send(200, "GET", TASKS, origin=origin)
    assert response.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert "origin" in response["Vary"]


def test_credentials_are_allowed_to_allowed_origins_only(api: API, settings: Any) -> None:
    settings.CORS_ALLOW_CREDENTIALS = True
    for origin, allowed in (ORIGIN, "true"), ("https://evil.example", None):
        response = api.send(200, "GET", TASKS, origin=origin)
        assert response.get("Access-Control-Allow-Credentials") == allowed
        assert response.get("Access-Control-Allow-Origin") == (allowed and origin)


def test_admin_is_not_open_to_other_origins(api: API, settings: Any) -> None:
    settings.CORS_ALLOW_CREDENTIALS = True
    response = api.send(200, "GET", "/admin/login/", origin=ORIGIN)
    assert [name for name in response.headers if name.startswith("Access-Control")] == []
    assert response["Vary"] == api.send(200, "GET", "/admin/login/")["Vary"] == "Cookie"


ORIGINS = (
    "https://App.Example.com,HTTPS://app.example.com:443,http://a.example:080,"
    "https://a.example:8443,https://Mu\u0308ller.example,https://xn--mller-kva.example,"
    "http://[2001:DB8:0::1]:3000,http://192.0.2.1,https://*.Example.app,null"
)
"""The third has the default port, and the fifth an umlaut of two code points."""

NORMALIZED = [
    *["https://app.example.com"] * 2,
    "http://a.example",
    "https://a.example:8443",
    *["https://xn--mller-kva.example"] * 2,
    "http://[2001:db8::1]:3000",
    "http://192.0.2.1",
    "null",
]


@pytest.mark.once
def test_origins_and_hosts_are_compared_as_browsers_write_them() -> None:
    patterns = "[each.pattern for each in s.CORS_ALLOWED_ORIGIN_REGEXES]"
    names = f"s.CORS_ALLOWED_ORIGINS, {patterns}, s.CSRF_TRUSTED_ORIGINS, s.ALLOWED_HOSTS"
    expected = (
        NORMALIZED,
        [r"https://[a-z0-9-]+\.example\.app\Z"],
        ["https://app.example.com", "https://xn--mller-kva.example"],
        ["xn--mller-kva.example", ".example.com", "[::1]", "*"],
    )
    variables = {
        "CORS_ALLOWED_ORIGINS": ORIGINS,
        "CSRF_TRUSTED_ORIGINS": "https://App.Example.com:443,https://müller.example",
        "ALLOWED_HOSTS": "Müller.Example.,.Example.com,[0:0::1],*",
    }
    assert start(names, DEBUG="1", **variables) == (0, str(expected))


@pytest.mark.once
def test_documented_values_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    page = BASE_DIR / "docs" / "deployment.md"
    [block] = [each for each in code_blocks(page, "sh") if "CORS_ALLOW_HEADERS" in each]
    expression = "len(s.CORS_ALLOWED_ORIGINS), len(s.CORS_ALLOWED_ORIGIN_REGEXES)"
    variables = dict(line.split("=") for line in block.splitlines())
    assert start(expression, DEBUG="1", **variables) == (0, "(1, 1)")
    [table] = re.findall(
        "^[|] value [|] allows [|]\n(.*?)\n\n", page.read_text(), re.DOTALL | re.MULTILINE
    )
    values = re.findall(r"`([a-z-]+://\S*|null)`", table)
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", ",".join(values).replace("…", "abc"))
    assert len(env_origins("CORS_ALLOWED_ORIGINS")) == len(values) == 7


@pytest.mark.once
def test_more_headers_and_credentials_can_be_allowed() -> None:
    variables = {
        "CORS_ALLOW_HEADERS": "Sentry-Trace, baggage,If-Match",
        "CORS_ALLOW_CREDENTIALS": "true",
    }
    headers = (
        "authorization, baggage, content-type, idempotency-key, if-match, if-none-match, "
        "sentry-trace, traceparent, tracestate, x-request-id"
    )
    expression = "', '.join(s.CORS_ALLOW_HEADERS), s.CORS_ALLOW_CREDENTIALS"
    assert start(expression, DEBUG="1", **variables) == (0, str((headers, True)))
