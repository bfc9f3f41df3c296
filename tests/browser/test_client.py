"""Tests of the TypeScript client: its own tests in Node, its document, samples and packages."""

import json
import re
from pathlib import Path

import pytest

from tests.support.documentation import code_blocks
from tests.support.npm import CLIENT, PAGE, npm
from todo_project.environment import BASE_DIR


def test_document_passes_the_linter() -> None:
    npm(CLIENT, "run", "lint")


def test_generated_types_are_current() -> None:
    npm(CLIENT, "run", "generate", "--", "--check")  # `make client` regenerates them


@pytest.mark.usefixtures("compiled_client")
def test_client_passes_its_tests_against_a_live_service(base_url: str) -> None:
    npm(CLIENT, "test", TODO_API_URL=base_url)


@pytest.mark.parametrize(
    ("document", "count"),
    [(BASE_DIR / "docs" / "clients.md", 3), (CLIENT / "README.md", 6)],
    ids=["clients", "README"],
)
def test_documented_snippets_are_in_the_tests(document: Path, count: int) -> None:
    tests = (CLIENT / "tests" / "operations.test.ts").read_text()
    snippets = code_blocks(document, "ts")
    assert len(snippets) == count
    assert [snippet for snippet in snippets if snippet not in tests] == []


def test_documented_query_is_in_the_page() -> None:
    [snippet] = code_blocks(CLIENT / "README.md", "tsx")
    assert snippet in (PAGE / "src" / "tasks.ts").read_text()


@pytest.mark.parametrize("package", [CLIENT, PAGE], ids=["client", "page"])
def test_dependencies_have_exact_versions_and_name_no_registry(package: Path) -> None:
    lock = json.loads((package / "package-lock.json").read_text())
    resolved = [each["resolved"] for each in lock["packages"].values() if "resolved" in each]
    assert resolved == (["../typescript"] if package == PAGE else [])
    declared = json.loads((package / "package.json").read_text())
    versions = declared["dependencies"] | declared["devDependencies"]
    assert versions.pop("todo-client", "file:../typescript") == "file:../typescript"
    for version in versions.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
