"""Tests of the response headers that protect the users of a browser."""

import pytest

from tests.support.client import API, TASKS

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/clients", "/problems/", "/problems/not-found", LOGIN]
)
def test_page_has_content_security_policy_and_no_inline_code(api: API, path: str) -> None:
    response = api.send(200, "GET", path, accept="text/html")
    assert response["Content-Security-Policy"] == (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    page = response.content.decode()
    assert "<script>" not in page
    assert "<style" not in page
    assert " style=" not in page


@pytest.mark.parametrize("path", ["/docs", TASKS, "/healthz", LOGIN])
def test_response_forbids_sniffing_framing_and_sharing_with_other_origins(
    api: API, path: str
) -> None:
    response = api.send(200, "GET", path, accept="*/*")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
