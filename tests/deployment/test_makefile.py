"""Tests of how the Makefile sets up the environment of a developer."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import psycopg
import pytest

from tests.support.servers.postgresql import start_temporary_server
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

OLD_PYTHON = f"""#!/bin/sh
[ "$1" = --version ] && exec echo Python 3.10.14
exec '{sys.executable}' -c "import sys; sys.version_info = (3, 10, 14); $2"
"""
"""A Python that claims to be an older one."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a directory, with a space, that has a Makefile and nothing to install."""
    directory = tmp_path / "a checkout"
    directory.mkdir()
    shutil.copy(BASE_DIR / "Makefile", directory)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (directory / name).touch()
    return directory


def make(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "--no-print-directory", f"PYTHON='{sys.executable}'", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


def write_old_python(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OLD_PYTHON)
    path.chmod(0o755)


@pytest.mark.parametrize("target", ["run", "test"])
def test_older_python_is_rejected_before_anything_is_created(checkout: Path, target: str) -> None:
    write_old_python(checkout / "python3.10")
    finished = make(checkout, target, "PYTHON=./python3.10")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.splitlines()[0] == (
        "Python 3.11 or later is required, but ./python3.10 is: Python 3.10.14. "
        f"Name another: make {target} PYTHON=python3.11"
    )
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("target", ["run", "test"])
def test_environment_of_an_older_python_has_to_be_removed(checkout: Path, target: str) -> None:
    write_old_python(checkout / ".venv" / "bin" / "python")
    (checkout / ".venv" / "bin" / "pip").touch()
    finished = make(checkout, target)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.splitlines()[0] == (
        "Python 3.11 or later is required, but .venv/bin/python is: Python 3.10.14. "
        "Remove it: rm -rf .venv"
    )


def test_required_version_is_that_of_the_project() -> None:
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    makefile = (BASE_DIR / "Makefile").read_text()
    [(major, minor)] = re.findall(r"version_info < \((\d+), (\d+)\)", makefile)
    assert project["requires-python"] == f">={major}.{minor}"
    assert f"Python {major}.{minor} or later is required" in makefile


def test_packages_are_installed_in_a_directory_that_was_moved(checkout: Path) -> None:
    assert make(checkout, ".venv/runs").returncode == 0
    moved = checkout.rename(checkout.with_name("a moved checkout"))
    finished = make(moved, ".venv/tests")
    command = ".venv/bin/python -m pip install --disable-pip-version-check --requirement "
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[0] == f"{command}requirements-dev.txt"


def test_targets_run_no_scripts_that_contain_the_path_of_the_environment() -> None:
    makefile = (BASE_DIR / "Makefile").read_text()
    assert set(re.findall(r"\$\(BIN\)/(\w+)", makefile)) == {"python"}


def test_tests_start_postgresql_in_a_directory_with_a_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site packages"
    packages.symlink_to(Path(pytest.__file__).parent.parent)
    monkeypatch.setenv("PYTHONPATH", str(packages))
    with psycopg.connect(start_temporary_server()) as connection:
        assert connection.execute("SHOW fsync").fetchall() == [("off",)]
