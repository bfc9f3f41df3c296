"""Check pages with axe-core, and for text that does not fit its box."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OVERFLOWING = """() => [...document.querySelectorAll("body *")]
    .filter((each) => getComputedStyle(each).display !== "inline" && !each.closest("svg, select"))
    .filter((each) => each.checkVisibility() && each.clientWidth > 1)
    .filter((each) => each.scrollWidth > each.clientWidth + 1)
    .map((each) => `${each.tagName.toLowerCase()}#${each.id}.${each.className}`)"""


def violations(page: Page, context: str = "body") -> list[str]:
    """Return what axe-core finds in the parts of the page that match: the rule, and where."""
    found = Axe().run(page, context).response["violations"]
    return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]


def overflowing(page: Page) -> list[str]:
    """Return the visible elements whose content is wider than they are."""
    elements: list[str] = page.evaluate(OVERFLOWING)
    return elements
