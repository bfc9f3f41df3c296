"""Check pages with axe-core, and for text that does not fit its box."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OVERFLOWING = """(selector) => [...document.querySelectorAll(selector)]
    .filter((each) => getComputedStyle(each).display !== "inline" && !each.closest("svg, select"))
    .filter((each) => each.checkVisibility() && each.clientWidth > 1)
    .filter((each) => each.scrollWidth > each.clientWidth + 1)
    .map((each) => `${each.tagName.toLowerCase()}#${each.id}.${each.className}`)"""


def violations(page: Page, *excluded: str) -> list[str]:
    """Return what axe-core finds outside of the excluded elements: the rule, and where."""
    context = {"exclude": [[selector] for selector in excluded]} if excluded else None
    # To preload style sheets, axe-core would need inline styles, which the pages do not allow.
    found = Axe().run(page, context, {"preload": False}).response["violations"]
    return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]


def overflowing(page: Page, selector: str = "body *") -> list[str]:
    """Return the visible elements whose content is wider than they are."""
    elements: list[str] = page.evaluate(OVERFLOWING, selector)
    return elements
