"""The pages of the documentation, and the code samples in them."""

import re
from pathlib import Path

from todo_project.environment import BASE_DIR

README = BASE_DIR / "README.md"
DOCS = sorted((BASE_DIR / "docs").glob("*.md"))
SCALING = BASE_DIR / "docs" / "scaling.md"
CONTRIBUTING = BASE_DIR / "CONTRIBUTING.md"
CHANGELOG = BASE_DIR / "CHANGELOG.md"
PAGES = [
    README,
    *DOCS,
    CONTRIBUTING,
    BASE_DIR / "benchmarks" / "README.md",
    BASE_DIR / "clients" / "typescript" / "README.md",
    BASE_DIR / "clients" / "page" / "README.md",
]
"""The pages that describe the current release: all except the changelog."""


def relative_path(page: Path) -> str:
    """Return the path of a page in the repository."""
    return str(page.relative_to(BASE_DIR))


def code_blocks(page: Path, language: str, section: str = "") -> list[str]:
    """Return the fenced code blocks of a language: all, or those of the section with a heading."""
    text = page.read_text()
    if section:
        [text] = re.findall(rf"^## {section}$(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    pattern = rf"^```{language}\n(.*?)^```$"
    return re.findall(pattern, text, re.DOTALL | re.MULTILINE)
