"""Tests of HTTPS: redirects, HSTS and secure cookies behind a proxy that terminates TLS."""

from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.support.client import TASKS
from tests.support.servers.gunicorn import serve

pytestmark = pytest.mark.django_db(transaction=True)


def get(base_url: str, path: str, **headers: str) -> HTTPResponse:
    client = HTTPConnection(base_url.removeprefix("http://"), timeout=10)
    client.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    response = client.getresponse()
    response.read()
    client.close()
    return response


def test_https_is_required_by_default(tmp_path: Path) -> None:
    """An empty BEHIND_PROXY is the default: true, unless DEBUG is on."""
    with serve(tmp_path / "log", BEHIND_PROXY="") as base_url:
        insecure = get(base_url, f"{TASKS}?limit=1", host="localhost")
        assert insecure.status == 301
        assert insecure.headers["Location"] == f"https://localhost{TASKS}?limit=1"
        assert "Strict-Transport-Security" not in insecure.headers

        secure = get(base_url, TASKS, x_forwarded_proto="https")
        assert secure.status == 200
        assert secure.headers["Strict-Transport-Security"] == (
            "max-age=31536000; includeSubDomains; preload"
        )
        page = get(base_url, "/admin/login/", x_forwarded_proto="https")
        assert page.headers["Set-Cookie"].endswith("Path=/; SameSite=Lax; Secure")

        for probe in ("/healthz", "/readyz"):
            assert get(base_url, probe, host="10.1.2.3:8000").status == 200


def test_x_forwarded_proto_is_ignored_without_proxy(tmp_path: Path) -> None:
    with serve(tmp_path / "log", BEHIND_PROXY="false") as base_url:
        response = get(base_url, TASKS, x_forwarded_proto="https")
    assert response.status == 200
    assert "Strict-Transport-Security" not in response.headers
