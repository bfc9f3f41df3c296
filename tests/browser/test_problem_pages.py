"""Tests of the pages about problem types in a browser, on a phone and on a desktop."""

import pytest
from playwright.sync_api import Page

from tests.support.browser import horizontal_overflow
from todo_project.problems.registry import registered_types


def headings(page: Page, level: str) -> list[str]:
    return page.locator(level).all_inner_texts()


@pytest.mark.parametrize("width", [320, 1280])
def test_every_problem_type_has_a_page_that_fits_the_window(
    base_url: str, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for problem_type in registered_types().values():
        page.goto(f"{base_url}/problems/")
        assert headings(page, "h1") == ["Problems"]
        assert horizontal_overflow(page) == 0
        page.get_by_role("link", name=problem_type.title, exact=True).click()
        page.wait_for_url(base_url + problem_type.uri)
        assert page.title() == f"{problem_type.title} · Todo API"
        assert headings(page, "h1") == [f"{problem_type.title} {problem_type.status}"]
        assert headings(page, "h2") == ["Meaning", "Remedy", "Example"]
        assert horizontal_overflow(page) == 0
