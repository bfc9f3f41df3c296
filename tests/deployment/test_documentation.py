"""Tests of the documentation: its commands, links and file names."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.support.documentation import (
    CHANGELOG,
    CONTRIBUTING,
    DOCS,
    PAGES,
    README,
    code_blocks,
    relative_path,
)
from tests.support.servers.gunicorn import Instance
from todo_project.environment import BASE_DIR

SESSIONS = [
    pytest.param(page, session, id=f"{page.stem}-{number}")
    for page in (README, *DOCS)
    for number, session in enumerate(code_blocks(page, "console"), 1)
]

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
REQUEST_ID = r"[0-9a-f]{32}"
CURSOR = r"(?<=cursor=)[\w-]{40}"
VARIABLE = re.compile("|".join((UUID, TIMESTAMP, REQUEST_ID, CURSOR)))
"""What differs from run to run."""

FENCED_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SOURCE_PATH = re.compile(r"(?:tasks|todo_project|tests|docs|clients|benchmarks)/[\w./-]+")

every_page = pytest.mark.parametrize("page", PAGES, ids=relative_path)


def prose(page: Path) -> str:
    """Return the text without its fenced code blocks."""
    return FENCED_CODE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub generates them."""
    headings = HEADING.findall(prose(page))
    return {re.sub(r"[^\w\- ]", "", each).replace(" ", "-").lower() for each in headings}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not which("curl"), reason="the sessions call curl")
@pytest.mark.parametrize(("page", "session"), SESSIONS)
def test_console_session_prints_what_is_shown(
    instance: Instance, page: Path, session: str
) -> None:
    steps = re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
    script = "\necho; echo ---\n".join(command for command, _ in steps)
    printed = subprocess.run(
        ["bash", "-euc", script.replace("http://127.0.0.1:8000", instance.address)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for (_, shown), output in zip(steps, printed.split("\n---\n"), strict=True):
        same = VARIABLE.sub("…", output).strip() == VARIABLE.sub("…", shown).strip()
        if "UPDATE_SAMPLES" in os.environ and not same:  # make samples
            page.write_text(page.read_text().replace(shown, f"{output.strip()}\n"))
        else:
            assert same, output


@pytest.mark.once
@every_page
def test_shell_commands_are_valid_bash(page: Path) -> None:
    for block in code_blocks(page, "sh"):
        checked = subprocess.run(
            ["bash", "-n"], input=block, capture_output=True, text=True, check=False
        )
        assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.once
@every_page
def test_shell_commands_quote_ampersands(page: Path) -> None:
    """Without quotes, the command would end at the first parameter of a URL."""
    for block in code_blocks(page, "sh"):
        assert "&" not in list(shlex.shlex(block, posix=True, punctuation_chars=True))


@pytest.mark.once
@pytest.mark.parametrize("page", [*PAGES, CHANGELOG], ids=relative_path)
def test_relative_links_lead_to_files_and_headings(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.once
@every_page
def test_named_source_files_exist(page: Path) -> None:
    named = filter(SOURCE_PATH.fullmatch, INLINE_CODE.findall(prose(page)))
    assert [path for path in named if not (BASE_DIR / path).exists()] == []


@pytest.mark.once
def test_readme_links_every_page() -> None:
    pages = {relative_path(page) for page in (*DOCS, CONTRIBUTING, CHANGELOG)}
    assert pages - set(LINK.findall(prose(README))) == set()
