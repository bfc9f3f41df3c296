"""Tests that the documentation lists the targets, settings, checks and commands that exist."""

import re
from pathlib import Path

import pytest

from tests.support.documentation import CONTRIBUTING, PAGES, relative_path
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

DEPLOYMENT = BASE_DIR / "docs" / "deployment.md"

MAKE = re.compile(r"(?:^|`)make ([a-z0-9-]+)", re.MULTILINE)
CHECK_ID = r"todo\.[EW]\d+"


def make_targets() -> set[str]:
    """Return the targets that `make help` lists."""
    return set(
        re.findall(r"^([a-z0-9-]+):.*## ", (BASE_DIR / "Makefile").read_text(), re.MULTILINE)
    )


def table_rows(page: Path, first_cell: str) -> list[list[str]]:
    """Return the cells of the table rows whose first cell is code that matches the pattern."""
    rows = re.findall(rf"^\| `{first_cell}` \|.*\|$", page.read_text(), re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.parametrize("page", PAGES, ids=relative_path)
def test_make_targets_exist(page: Path) -> None:
    assert set(MAKE.findall(page.read_text())) - make_targets() == set()


def test_contributing_lists_every_make_target() -> None:
    rows = table_rows(CONTRIBUTING, "make [a-z0-9-]+")
    assert {row[0].strip("`").removeprefix("make ") for row in rows} == make_targets()


def test_settings_table_has_every_variable_with_its_default() -> None:
    example = (BASE_DIR / ".env.example").read_text()
    variables = re.findall(r"^#([A-Z_]+)=(.*)$", example, re.MULTILINE)
    rows = table_rows(DEPLOYMENT, "[A-Z_]+")
    assert [(row[0], row[1]) for row in rows] == [
        (f"`{variable}`", f"`{default}`" if default else "none") for variable, default in variables
    ]


def test_system_checks_table_has_every_check() -> None:
    source = (BASE_DIR / "todo_project" / "checks.py").read_text()
    rows = table_rows(BASE_DIR / "docs" / "operations.md", CHECK_ID)
    assert sorted(row[0].strip("`") for row in rows) == sorted(
        re.findall(rf'id="({CHECK_ID})"', source)
    )


def test_deployment_page_shows_the_commands_of_the_procfile() -> None:
    page = DEPLOYMENT.read_text()
    lines = (BASE_DIR / "Procfile").read_text().splitlines()
    release, web = (line.partition(": ")[2] for line in lines)
    assert page.count(release) == page.count("migrate --no-input &&") == 6
    assert page.count(f"| `{web}` |") == 1  # Render
