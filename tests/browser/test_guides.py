"""Tests of the guides under `/docs/` in a browser: narrow and wide, light and dark."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.support.accessibility import overflowing, violations
from tests.support.browser import horizontal_overflow
from tests.support.documentation import code_blocks
from todo_project.environment import BASE_DIR

every_guide = pytest.mark.parametrize("guide", ["clients", "authentication"])


@every_guide
def test_guide_fits_the_window(base_url: str, page: Page, guide: str) -> None:
    page.goto(f"{base_url}/docs/{guide}")
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert (horizontal_overflow(page), overflowing(page)) == (0, [])


BROKEN_WORDS = """(all) => all.filter((code) => !code.textContent.includes(" "))
    .filter((code) => code.offsetHeight > 1.5 * parseFloat(getComputedStyle(code).lineHeight))
    .map((code) => code.textContent)"""


@every_guide
def test_narrow_table_breaks_no_word(base_url: str, page: Page, guide: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{base_url}/docs/{guide}")
    assert page.locator("td code").evaluate_all(BROKEN_WORDS) == []


@every_guide
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_guide_is_accessible(
    base_url: str, page: Page, guide: str, scheme: Literal["light", "dark"], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{base_url}/docs/{guide}")
    assert violations(page) == []


def test_contents_lead_to_headings_and_guides_to_each_other(base_url: str, page: Page) -> None:
    page.goto(f"{base_url}/docs/clients")
    page.get_by_role("link", name="Caching").click()
    expect(page.get_by_role("heading", name="Caching")).to_be_in_viewport()
    page.get_by_role("link", name="Authentication").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Authentication")
    page.get_by_role("link", name="API documentation").click()
    expect(page.locator("#swagger-ui h1")).to_contain_text("Todo API")


def test_sample_makes_times_sortable_as_texts(page: Page) -> None:
    [sample] = code_blocks(BASE_DIR / "docs" / "clients.md", "js")
    times = ["2026-02-06T10:30:00Z", "2026-02-06T10:30:00.500000Z", "2026-02-06T10:30:01Z"]
    script = f"(times) => times.map((time) => {{ {sample} return sortable; }})"
    assert page.evaluate(script, times) == [
        "2026-02-06T10:30:00.000000Z",
        "2026-02-06T10:30:00.500000Z",
        "2026-02-06T10:30:01.000000Z",
    ]
