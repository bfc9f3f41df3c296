"""The pages about problems, on a telephone and on a desk."""

import pytest
from playwright.sync_api import Page

from todo_project.problems.registry import registered_types

WIDTHS = [320, 1280]


def headings(page: Page, level: str) -> list[str]:
    return page.locator(level).all_inner_texts()


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    pixels: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return pixels


@pytest.mark.parametrize("width", WIDTHS)
def test_every_problem_has_a_page_that_fits_the_window(
    address: str, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for problem_type in registered_types().values():
        page.goto(f"{address}/problems/")
        assert headings(page, "h1") == ["Problems"]
        assert overflow(page) == 0
        page.get_by_role("link", name=problem_type.title, exact=True).click()
        page.wait_for_url(address + problem_type.uri)
        assert page.title() == f"{problem_type.title} · Todo API"
        assert headings(page, "h1") == [f"{problem_type.title} {problem_type.status}"]
        assert headings(page, "h2") == ["What happened", "How to fix it", "An example"]
        assert overflow(page) == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_the_documentation_fits_the_window(address: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}/docs")
    page.locator("#operations-tasks-createTask").wait_for()
    assert overflow(page) == 0
