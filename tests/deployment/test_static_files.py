"""Tests of the static files: hashed and compressed after `collectstatic`, as they are before."""

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

import pytest

from tests.support.servers.gunicorn import free_port
from tests.support.servers.platform import STRONG_KEY, build, checkout, procfile, start
from todo_project.middleware.security import CONTENT_SECURITY_POLICY
from todo_project.static_files import StaticFilesStorage

pytestmark = pytest.mark.once

SWAGGER_UI = "/static/drf_spectacular_sidecar/swagger-ui-dist"
LOADED = re.compile(r'<(?!a )[^>]* (?:href|src|data-document)="([^"]*)"')


class File(NamedTuple):
    """A response to a browser."""

    status: int
    size: int  # bytes sent, with the headers
    headers: dict[str, str]
    content: str


@contextmanager
def running(directory: Path, debug: str = "false") -> Iterator[int]:
    """Run the service in a directory; yield its port."""
    variables = {
        "PORT": str(free_port()),
        "DEBUG": debug,
        "BEHIND_PROXY": "false",
        "SECRET_KEY": STRONG_KEY,
        "DATABASE_URL": f"sqlite:///{directory}/db.sqlite3",
    }
    with start("sh", procfile("web"), directory, directory / "log", **variables) as service:
        yield service.port


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the service in a checkout; return its port."""
    with running(checkout(tmp_path_factory.mktemp("source"))) as port:
        yield port


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout with the collected static files."""
    return build(checkout(tmp_path_factory.mktemp("built")))


@pytest.fixture(scope="module")
def collected(built: Path) -> Iterator[int]:
    """Run the service with the collected static files; return its port."""
    with running(built) as port:
        yield port


def get(port: int, path: str) -> File:
    """Request a file as a browser does."""
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip, deflate, br"})
        response = connection.getresponse()
        body = response.read()
    headers = dict(response.headers)
    content = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
    return File(
        response.status, len(str(response.headers)) + len(body), headers, content.decode("latin-1")
    )


def load(port: int, path: str) -> dict[str, File]:
    """Request a page, and what it loads."""
    page = get(port, path)
    return {path: page} | {name: get(port, name) for name in LOADED.findall(page.content)}


def static_files(port: int, path: str) -> dict[str, File]:
    """Request the static files of a page."""
    return {name: file for name, file in load(port, path).items() if name.startswith("/static/")}


def without_hash(name: str) -> str:
    return re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", name)


def test_first_load_of_docs(collected: int, source: int) -> None:
    before, after = (load(port, "/docs").values() for port in (source, collected))
    assert [file.status for file in after] == [200] * 7
    assert [file.status for file in before] == [200] * 7
    assert sum(file.size for file in after) < 500_000


@pytest.mark.parametrize("page", ["/docs", "/problems/", "/admin/login/"])
def test_collected_files_are_hashed_immutable_and_compressed(collected: int, page: str) -> None:
    assert get(collected, page).headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    files = static_files(collected, page)
    for name, file in files.items():
        assert (file.status, without_hash(name) == name) == (200, False)
        assert file.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        assert "Content-Encoding" in file.headers or file.size < 2000
    assert len(files) >= 2


def test_files_in_collected_style_sheets_exist(collected: int) -> None:
    for name, file in static_files(collected, "/admin/login/").items():
        for path in re.findall(r"url\([\"']?(?!data:)([^\"')]+)", file.content):
            assert get(collected, urljoin(name, path)).status == 200


def test_favicon_redirects_to_hashed_file(collected: int) -> None:
    favicon = get(collected, "/favicon.ico")
    [icon] = [name for name in static_files(collected, "/docs") if name.endswith(".png")]
    assert (favicon.status, favicon.headers["Location"]) == (302, icon)


def test_files_of_packages_are_served_before_collectstatic_and_with_debug(
    built: Path, source: int
) -> None:
    with running(built, debug="true") as port:
        with_debug = static_files(port, "/docs")
    for files, age in ((static_files(source, "/docs"), 60), (with_debug, 0)):
        assert [*files] == [
            f"{SWAGGER_UI}/favicon-32x32.png",
            f"{SWAGGER_UI}/swagger-ui.css",
            "/static/docs.css",
            f"{SWAGGER_UI}/swagger-ui-bundle.js",
            "/static/docs.js",
        ]
        for file in files.values():
            assert (file.status, file.headers["Cache-Control"]) == (200, f"max-age={age}, public")


def test_only_hashed_files_are_kept(built: Path) -> None:
    names = [path.name.removesuffix(".gz") for path in (built / "staticfiles").rglob("*.*")]
    assert [name for name in names if not re.search(r"\.[0-9a-f]{12}(\.|$)", name)] == [
        "staticfiles.json"
    ]


PATHS = {"docs.css": "docs.0123456789ab.css"}


@pytest.mark.parametrize(
    ("manifest", "valid"),
    [
        ("", False),
        ('{"paths": {"docs.css": "docs.0123', False),
        ("null", False),
        (json.dumps({"version": "1.1", "paths": {}}), True),  # of another release
        (json.dumps({"version": "1.1", "paths": PATHS}), True),  # without its files
        (None, True),
    ],
)
def test_file_that_is_not_collected_has_its_plain_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, manifest: str | None, *, valid: bool
) -> None:
    if manifest is not None:
        (tmp_path / "staticfiles.json").write_text(manifest)
    storage_class: Any = StaticFilesStorage
    storage = storage_class(location=tmp_path, base_url="/static/")
    assert storage.url("docs.css") == "/static/docs.css"
    warning = "staticfiles.json is not valid; run: python manage.py collectstatic"
    assert caplog.messages == ([] if valid else [warning])
    (tmp_path / PATHS["docs.css"]).touch()
    collected = manifest is not None and valid and "docs" in manifest
    assert storage.url("docs.css") == f"/static/{PATHS['docs.css'] if collected else 'docs.css'}"


def test_pages_work_with_an_incomplete_manifest_until_files_are_collected_again(
    built: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    manifest = copy / "staticfiles" / "staticfiles.json"
    manifest.write_bytes(manifest.read_bytes()[:100])
    with running(copy) as port:
        for page in ("/docs", "/problems/", "/admin/login/"):
            files = load(port, page)
            assert [
                (name, file.status) for name, file in files.items() if file.status != 200
            ] == []
            assert [name for name in files if without_hash(name) != name] == []
    build(copy)
    with running(copy) as port:
        names = static_files(port, "/docs")
        assert [name for name in names if without_hash(name) == name] == []
