"""The TypeScript client: as the document says, without `any`, and true of the live service."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.server import serve
from todo_project.environment import BASE_DIR

CLIENT = BASE_DIR / "clients" / "typescript"


def run(script: str, *arguments: str) -> None:
    """Run a script of the client's package.json; fail with what it printed."""
    finished = subprocess.run(
        ["npm", "run", "--silent", script, "--", *arguments],
        cwd=CLIENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if finished.returncode:
        pytest.fail(f"npm run {script}:\n{finished.stdout}{finished.stderr}", pytrace=False)


def test_the_document_passes_a_strict_linter() -> None:
    run("lint")


def test_the_types_are_what_the_document_says() -> None:
    run("generate", "--check")  # else: `make client`


@pytest.mark.django_db(transaction=True)
def test_it_compiles_without_any_and_its_story_holds(tmp_path: Path) -> None:
    run("build")
    with serve(tmp_path / "log") as address:
        run("story", address)


def test_its_readme_shows_lines_of_the_story() -> None:
    story = (CLIENT / "src" / "story.ts").read_text()
    examples = re.findall(r"```ts\n(.*?)```", (CLIENT / "README.md").read_text(), re.DOTALL)
    assert examples
    assert [example for example in examples if example not in story] == []


def test_its_versions_are_exact_and_name_no_registry() -> None:
    lock = json.loads((CLIENT / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    package = json.loads((CLIENT / "package.json").read_text())
    for version in (package["dependencies"] | package["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
