"""Tests of "Add a field to a task" in CONTRIBUTING.md, on copies of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documentation import CONTRIBUTING, code_blocks
from tests.support.npm import CLIENT
from todo_project.environment import BASE_DIR

DIFFS = {
    re.findall(r'^\+    "(\w+)": ', diff, re.MULTILINE)[0]: diff
    for diff in code_blocks(CONTRIBUTING, "diff")
}
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "*.sqlite3*", ".hypothesis", ".*_cache"
)
SUITES = ("api", "admin/test_form.py", "admin/test_form_conflicts.py")


def run(project: Path, *command: str, **variables: str) -> str:
    """Run a command in the copy with a SQLite database; return its output if it succeeds."""
    finished = subprocess.run(
        command,
        cwd=project,
        env=os.environ | {"DEBUG": "true", "DATABASE_URL": "sqlite:///new.sqlite3"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


def run_tests(project: Path, *arguments: str, **variables: str) -> None:
    pytest = (sys.executable, "-m", "pytest", "-q", "-n2")
    url = "sqlite:///test.sqlite3"
    run(project, *pytest, *arguments, TEST_DATABASE_URL=url, **variables)


@pytest.mark.parametrize("name", DIFFS)
def test_field_is_added_as_described(tmp_path: Path, name: str) -> None:
    project = tmp_path / "copy"
    shutil.copytree(BASE_DIR, project, ignore=LEFT_OUT)
    (project / "clients/typescript/node_modules").symlink_to(CLIENT / "node_modules")
    (tmp_path / "diff").write_text(DIFFS[name])
    run(project, "git", "apply", "../diff")
    changed = re.findall(r"^\+\+\+ b/(.*)$", DIFFS[name], re.MULTILINE)
    assert changed == ["tasks/api/examples.py", "tasks/api/serializers.py", "tasks/models.py"]
    manage = (sys.executable, "manage.py")
    run(project, *manage, "makemigrations", "tasks", "--name", "new")
    run(project, *manage, "makemigrations", "--check", "--dry-run")
    schema = ("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    run(project, *manage, *schema, "--file", "openapi.json")  # make schema
    for script in ("generate", "build"):  # make client
        run(project, "npm", "--prefix", "clients/typescript", "run", script)
    documentation = ("tests/deployment/test_documentation.py", "-k", "session")
    run_tests(project, *documentation, UPDATE_SAMPLES="true")  # make samples
    assert f'"{name}":' in (project / "README.md").read_text()
    run_tests(project, "tests/e2e/new_field.py", "tests/openapi", NEW_FIELD=name)
    run_tests(project, "-m", "not e2e and not once", *(f"tests/{suite}" for suite in SUITES))
