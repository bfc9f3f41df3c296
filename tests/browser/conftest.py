"""Fixtures: Chromium, a page whose errors fail the test, the service, and another origin."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.conf import global_settings
from django.contrib.auth.models import User
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.browser import ARGUMENTS, CHROMIUM, PASSWORD, PageLog
from tests.support.npm import CLIENT, npm
from tests.support.servers.gunicorn import SECONDS, serve


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium with a temporary profile."""
    with pytest.MonkeyPatch.context() as environ, sync_playwright() as playwright:
        # Playwright runs its event loop in the thread of the tests, where Django raises
        # SynchronousOnlyOperation for queries otherwise.
        environ.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=1000 * SECONDS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def base_url(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """Run the service; return its base URL."""
    with serve(tmp_path / "log") as base_url:
        yield base_url


@pytest.fixture
def superuser(transactional_db: None) -> User:
    """Create the superuser root, with a password hasher of the service: the tests use MD5."""
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def page_log() -> PageLog:
    return PageLog()


@pytest.fixture
def page(chromium: Browser, page_log: PageLog) -> Iterator[Page]:
    """Open a page in a new context; afterwards assert that it logged no unexpected errors."""
    context = chromium.new_context()
    context.on("console", page_log.on_console)
    context.on("weberror", page_log.on_error)
    context.on("request", page_log.on_request)
    context.set_default_timeout(1000 * SECONDS)
    yield context.new_page()
    context.close()
    assert page_log == PageLog()


class EmptyPage(BaseHTTPRequestHandler):
    """Serves an empty page, in which a test can run scripts."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_origin() -> Iterator[str]:
    """Serve an empty page on another origin; return the origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def compiled_client() -> None:
    """Compile the TypeScript client."""
    npm(CLIENT, "run", "build")
