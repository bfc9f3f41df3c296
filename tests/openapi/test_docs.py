"""Tests of the page `/docs` and of the static files that it loads."""

import re

import pytest

from tests.support.client import API
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.django_db

SWAGGER_UI = "/static/drf_spectacular_sidecar/swagger-ui-dist"


def test_page_refers_only_to_its_own_origin(api: API) -> None:
    page = api.send(200, "GET", "/docs", accept="text/html").content.decode()
    assert re.findall(r' (?:href|src|data-document)="([^"]*)"', page) == [
        f"{SWAGGER_UI}/favicon-32x32.png",
        f"{SWAGGER_UI}/swagger-ui.css",
        "/static/docs.css",
        f"{SWAGGER_UI}/swagger-ui-bundle.js",
        "/static/docs.js",
        "/problems/",
        "/static/guides/clients.md",
        "/static/guides/authentication.md",
        "/openapi.yaml",
        "/openapi.json",
    ]
    assert "//" not in page


def test_page_is_revalidated(api: API) -> None:
    page = api.send(200, "GET", "/docs", accept="text/html")
    assert page["Cache-Control"] == "no-cache"
    unchanged = api.send(304, "GET", "/docs", accept="text/html", if_none_match=page["ETag"])
    assert unchanged.content == b""


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (f"{SWAGGER_UI}/swagger-ui.css", 'text/css; charset="utf-8"'),
        (f"{SWAGGER_UI}/swagger-ui-bundle.js", 'text/javascript; charset="utf-8"'),
        (f"{SWAGGER_UI}/favicon-32x32.png", "image/png"),
        ("/static/docs.css", 'text/css; charset="utf-8"'),
        ("/static/docs.js", 'text/javascript; charset="utf-8"'),
        ("/static/guides/clients.md", 'text/plain; charset="utf-8"'),
    ],
)
def test_static_file_is_served(api: API, path: str, content_type: str) -> None:
    response = api.send(200, "GET", path)
    assert response["Content-Type"] == content_type
    response.close()


def test_script_is_that_of_the_project(api: API) -> None:
    response = api.send(200, "GET", "/static/docs.js")
    script = b"".join(response.streaming_content)
    response.close()
    assert script == (BASE_DIR / "todo_project" / "static" / "docs.js").read_bytes()
