"""Tests of CORS: preflights, and responses to allowed and other origins."""

import pytest

from tests.support.client import API, TASKS

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
        "content-type, idempotency-key, if-match, if-none-match, x-request-id"
    )
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
