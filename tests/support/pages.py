"""The links between the pages of a list."""

import re
from typing import Any


def next_url(response: Any) -> str | None:
    """Return the target of the `Link` to the next page, or None on the last page."""
    if "Link" not in response:
        return None
    link = re.fullmatch(r'<([^>]+)>; rel="next"', response["Link"])
    assert link
    return link[1]
