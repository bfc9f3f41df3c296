"""The admin: the URLs of its pages, and its forms as a browser submits them."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from unicodedata import category

from tasks.models import WHITE_SPACE, Task
from tests.support.client import API
from todo_project.middleware.security import CONTENT_SECURITY_POLICY

LIST_URL = "/admin/tasks/task/"
ADD_URL = f"{LIST_URL}add/"
LOGIN_URL = "/admin/login/"
USER_LIST_URL = "/admin/auth/user/"
ATTEMPTS_URL = "/admin/axes/accessattempt/"

CONFLICT = (
    "The task was changed by someone else, and nothing has been saved. Check the current "
    "values, and save again to apply your changes."
)
"""The error of a form whose task was changed since the form was loaded."""


def change_url(task: Task) -> str:
    """Return the URL of the form of a task."""
    return f"{LIST_URL}{task.id}/change/"


def delete_url(task: Task) -> str:
    """Return the URL of the page that confirms the deletion of a task."""
    return f"{LIST_URL}{task.id}/delete/"


def history_url(task: Task) -> str:
    """Return the URL of the page with the changes of a task in the admin."""
    return f"{LIST_URL}{task.id}/history/"


INPUTS = {"text", "number", "hidden"}

LINE_END = "\r\n?|\n"
"""Browsers remove line ends from the value of an `<input>` of text, and submit others as CRLF."""

CONTROLS = {
    each for each in map(chr, range(1, 0x10000)) if category(each) in {"Cc", "Zl", "Zp", "Zs"}
}
TEXTS = {
    "LF": "\n",
    "CR": "\r",
    "CR LF": "\r\n",
    "LF CR": "\n\r",
    "CR CR LF": "\r\r\n",
    "all": "".join(sorted(CONTROLS | set(WHITE_SPACE))),
}
"""Texts with line ends, and one with all white space and control characters."""


class FormParser(HTMLParser):
    """Collects the values that a browser would submit for the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        kind, name = attributes.get("type"), attributes.get("name", "")
        if tag == "textarea":
            self.textarea = name
            self.values[name] = ""
        elif kind in INPUTS or (kind == "checkbox" and "checked" in attributes):
            value = attributes.get("value", "on" if kind == "checkbox" else "")
            self.values[name] = re.sub(LINE_END, "" if kind == "text" else "\r\n", value)

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.values[self.textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # A browser ignores a line end right after the tag.
            text = re.sub(LINE_END, "\n", self.values[self.textarea]).removeprefix("\n")
            self.values[self.textarea] = text.replace("\n", "\r\n")
            self.textarea = ""


def form_values(response: Any) -> dict[str, str]:
    """Return what a browser would submit for the forms of a page, if the user types nothing."""
    parser = FormParser()
    parser.feed(response.content.decode())
    return parser.values


def load_form(admin: API, url: str) -> dict[str, str]:
    """Open a page with a form; return what a browser would submit."""
    return form_values(admin.get(url))


def form_errors(response: Any) -> list[str]:
    """Return the errors that the page displays; none for a redirect."""
    if response.status_code == 302:
        return []
    lists = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', response.content.decode())
    return [unescape(error) for each in lists for error in re.findall("<li>(.*?)</li>", each)]


def submit(admin: API, url: str, **values: object) -> list[str]:
    """Load a form, change these values and submit it; return the errors."""
    return form_errors(admin.post(url, {**load_form(admin, url), **values}))


def deleted_rows(page: str) -> list[list[str]]:
    """Return the cells of the tasks on a page that asks whether to delete them.

    Without the characters that isolate their text.
    """
    rows = re.findall(r'<tr><th scope="row".*</tr>', page)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    return [[unescape(cell).strip("\u2068\u2069") for cell in row] for row in cells]


def assert_error_page(response: Any, status: int) -> None:
    """Assert that this is the page of the admin for 400, 404 or 500."""
    assert response.status_code == status
    assert response["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    headings = {
        400: "The request is not valid",
        404: "Not found",
        500: "A value in the database is not valid",
    }
    assert re.findall("<h1>(.*)</h1>", response.content.decode()) == [headings[status]]
