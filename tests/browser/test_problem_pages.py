"""Tests of the pages about problem types in a browser: narrow and wide, light and dark."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.support.accessibility import overflowing, violations
from tests.support.browser import horizontal_overflow
from todo_project.problems.registry import registered_types


def headings(page: Page, level: str) -> list[str]:
    return page.locator(level).all_inner_texts()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_problem_type_has_a_page_that_fits_the_window(
    base_url: str, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for problem_type in registered_types().values():
        page.goto(f"{base_url}/problems/")
        assert headings(page, "h1") == ["Problems"]
        assert (horizontal_overflow(page), overflowing(page)) == (0, [])
        page.get_by_role("link", name=problem_type.title, exact=True).click()
        page.wait_for_url(base_url + problem_type.uri)
        assert page.title() == f"{problem_type.title} · Todo API"
        assert headings(page, "h1") == [f"{problem_type.title} {problem_type.status}"]
        assert headings(page, "h2") == ["Meaning", "Remedy", "Example"]
        assert (horizontal_overflow(page), overflowing(page)) == (0, [])
        heights = page.locator("p code").evaluate_all(
            "(all) => all.map((each) => each.offsetHeight)"
        )
        assert len(set(heights)) == 1, "code is broken into lines"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(
    base_url: str, page: Page, scheme: Literal["light", "dark"], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    for path in ("/problems/", *(each.uri for each in registered_types().values())):
        page.goto(base_url + path)
        assert violations(page) == [], path


def test_prose_marks_headers_as_code(base_url: str, page: Page) -> None:
    page.goto(f"{base_url}/problems/precondition-failed")
    code = page.locator("h2:text('Meaning') + p code")
    expect(code).to_have_text(["If-Match", "If-None-Match"])


def test_keyboard_leads_from_a_problem_to_all_problems_and_to_the_documentation(
    base_url: str, page: Page
) -> None:
    page.goto(f"{base_url}/problems/not-found")
    for path, links in (("/problems/", 2), ("/docs", 1)):
        for _ in range(links):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(base_url + path)
    expect(page.locator("#swagger-ui h1")).to_contain_text("Todo API")
