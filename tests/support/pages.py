"""The pages of a list: their titles, and the links between them."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.client import API


def titles(response: Any) -> list[str]:
    """Return the titles of the tasks in a page, in order."""
    return [task["title"] for task in response.json()]


def next_url(response: Any) -> str | None:
    """Return the target of the `Link` to the next page, or None on the last page."""
    if "Link" not in response:
        return None
    link = re.fullmatch(r'<([^>]+)>; rel="next"', response["Link"])
    assert link
    return link[1]


def next_parameters(response: Any) -> dict[str, str]:
    """Return the query parameters of the next page. Fail on the last page."""
    url = next_url(response)
    assert url
    parameters = parse_qsl(urlsplit(url).query)
    assert len(dict(parameters)) == len(parameters)
    return dict(parameters)


def next_page(api: API, response: Any) -> Any:
    """Request the next page. Fail on the last page."""
    url = next_url(response)
    assert url
    return api.send(200, "GET", url)
