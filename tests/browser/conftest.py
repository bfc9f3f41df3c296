"""Debian's Chromium, what it must never do, and a page on another origin."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    expect,
    sync_playwright,
)

from tests.server import SECONDS, serve

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
FAILED = "Failed to load resource: the server responded with a status of {}"
"""What Chromium tells the console of an answer that is no success."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the browser, with a profile that is empty and goes with it."""
    with pytest.MonkeyPatch.context() as environ, sync_playwright() as playwright:
        # Playwright's event loop runs in the thread of the tests, where Django would
        # then refuse to query.
        environ.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=1000 * SECONDS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def address(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """Run the service."""
    with serve(tmp_path / "log") as address:
        yield address


@dataclass
class Witness:
    """What went wrong in a page: errors on its console, and requests that left the host."""

    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """Return the errors, which the test expects, and forget them."""
        errors, self.errors = self.errors, []
        return errors

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def catch(self, error: WebError) -> None:
        self.errors.append(str(error.error))

    def see(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme != "data" and url.hostname != "127.0.0.1":
            self.strangers.append(request.url)


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
def page(chromium: Browser, witness: Witness) -> Iterator[Page]:
    """Open a page without a past; afterwards, demand that nothing went wrong in it."""
    context = chromium.new_context()
    context.on("console", witness.hear)
    context.on("weberror", witness.catch)
    context.on("request", witness.see)
    context.set_default_timeout(1000 * SECONDS)
    yield context.new_page()
    context.close()
    assert witness == Witness()


class EmptyPage(BaseHTTPRequestHandler):
    """A page of another origin, with nothing in it but what a test runs there."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Serve the page; return its origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
