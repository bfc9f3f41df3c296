"""Chromium for tests: its options, and a log of what must not happen on a page."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, WebError

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
"""The console message of Chromium for an unsuccessful response."""


PASSWORD = "correct horse battery staple"
"""The password of the superuser root."""


@dataclass
class PageLog:
    """The errors on the console of a page, and its requests to other hosts."""

    errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def pop_errors(self) -> list[str]:
        """Return the errors that the test expects, and remove them."""
        errors, self.errors = self.errors, []
        return errors

    def on_console(self, message: ConsoleMessage) -> None:
        """Record a console message if it is an error."""
        if message.type == "error":
            self.errors.append(message.text)

    def on_error(self, error: WebError) -> None:
        """Record an uncaught exception."""
        self.errors.append(str(error.error))

    def on_request(self, request: Request) -> None:
        """Record a request if it is for another host."""
        url = urlsplit(request.url)
        if url.scheme != "data" and url.hostname != "127.0.0.1":
            self.foreign_requests.append(request.url)


def log_in(page: Page, base_url: str, password: str = PASSWORD) -> None:
    """Log in to the admin as root."""
    page.goto(f"{base_url}/admin/")
    page.get_by_label("Username:").fill("root")
    page.get_by_label("Password:").fill(password)
    page.get_by_role("button", name="Log in").click()


def horizontal_overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    pixels: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return pixels
