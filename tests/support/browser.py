"""Chromium for tests: how it is started, and what a page must never do."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Request, WebError

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
FAILED_REQUEST = "Failed to load resource: the server responded with a status of {}"
"""The console message of Chromium about an unsuccessful response."""


@dataclass
class PageLog:
    """The errors on a page's console, and its requests to other hosts."""

    errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def pop_errors(self) -> list[str]:
        """Return the errors, which the test expects, and remove them."""
        errors, self.errors = self.errors, []
        return errors

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def on_error(self, error: WebError) -> None:
        self.errors.append(str(error.error))

    def on_request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme != "data" and url.hostname != "127.0.0.1":
            self.foreign_requests.append(request.url)
