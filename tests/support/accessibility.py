"""Check pages with axe-core, and for text that does not fit its box."""

from playwright.sync_api import Page

from todo_project.environment import BASE_DIR

AXE = BASE_DIR / "tests" / "browser" / "node_modules" / "axe-core" / "axe.min.js"

OF_DJANGO = (".breadcrumbs", "#searchbar")
"""Where axe-core finds what the templates and style sheets of Django's admin bring:
link-in-text-block and label-title-only."""

RUN = """async (context) =>
    (await axe.run(context, { preload: false })).violations
        .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target}`))"""
"""To preload style sheets, axe-core would need inline styles, which the pages do not allow."""

OVERFLOWING = """(selector) => [...document.querySelectorAll(selector)]
    .filter((each) => getComputedStyle(each).display !== "inline" && !each.closest("svg, select"))
    .filter((each) => each.checkVisibility() && each.clientWidth > 1)
    .filter((each) => each.scrollWidth > each.clientWidth + 1)
    .map((each) => `${each.tagName.toLowerCase()}#${each.id}.${each.className}`)"""


def violations(page: Page, *excluded: str) -> list[str]:
    """Return what axe-core finds outside of the excluded elements: the rule, and where."""
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(RUN, {"exclude": [[selector] for selector in excluded]})
    return found


def overflowing(page: Page, selector: str = "body *") -> list[str]:
    """Return the visible elements whose content is wider than they are."""
    elements: list[str] = page.evaluate(OVERFLOWING, selector)
    return elements
