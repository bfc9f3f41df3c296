"""Tests of the page `/docs`, of the static files that it loads, and of the guides."""

import gzip
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
        "/docs/clients",
        "/docs/authentication",
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


GUIDES = ("clients", "authentication")


@pytest.mark.parametrize("guide", GUIDES)
def test_links_of_guide_lead_to_headings_guides_and_other_sites(api: API, guide: str) -> None:
    pages = {
        f"/docs/{name}": api.send(200, "GET", f"/docs/{name}").content.decode() for name in GUIDES
    }
    links = re.findall('<a href="([^"]*)"', pages[f"/docs/{guide}"])
    for link in links:
        if link.startswith("https://"):
            continue
        path, _, fragment = link.partition("#")
        if path == "/docs":
            assert not fragment
        else:
            assert not fragment or f' id="{fragment}">' in pages[path or f"/docs/{guide}"]
    headings = re.findall('<h2 id="([^"]*)"', pages[f"/docs/{guide}"])
    assert [link[1:] for link in links if link.startswith("#")] == headings


def test_links_to_files_that_are_not_served_are_text(api: API) -> None:
    page = api.send(200, "GET", "/docs/clients").content.decode()
    assert "<a>clients/typescript</a> does all of this" in page
    assert "<a><code>CORS_ALLOWED_ORIGINS</code></a> allows it" in page
    assert '<a href="/docs/authentication">Authentication</a>' in page


def test_guide_has_tables_and_blocks_of_code(api: API) -> None:
    page = api.send(200, "GET", "/docs/authentication").content.decode()
    assert "<title>Authentication · Todo API</title>" in page
    assert "<td>with a token of another user</td>\n<td>403 <code>forbidden</code></td>" in page
    assert '<pre><code class="language-python">import os\n\nimport jwt\n' in page


def test_guide_is_compressed_and_revalidated(api: API) -> None:
    plain = api.send(200, "GET", "/docs/clients", accept="text/html")
    assert plain["Content-Type"] == "text/html; charset=utf-8"
    assert plain["Cache-Control"] == "no-cache"
    compressed = api.send(200, "GET", "/docs/clients", accept_encoding="gzip")
    assert gzip.decompress(compressed.content) == plain.content
    assert compressed["ETag"] == f"W/{plain['ETag']}"
    for etag in (plain["ETag"], compressed["ETag"]):
        assert api.send(304, "GET", "/docs/clients", if_none_match=etag).content == b""


@pytest.mark.parametrize("path", ["/docs/deployment", "/docs/clients/"])
def test_other_files_are_not_guides(api: API, path: str) -> None:
    assert api.problem(404, "GET", path, accept="text/html")["type"] == "/problems/not-found"
