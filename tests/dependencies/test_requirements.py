"""Tests of the requirements files: they are complete, up to date, and agree with each other."""

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.dependencies.requirements import FILES, locked
from tests.support.documentation import relative_path
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

SERVICE = "dependencies of the service"
GROUPS = dict(
    zip(FILES, ([SERVICE], [SERVICE, "dev"], [SERVICE, "dev", "proof"], ["bench"]), strict=True)
)
"""The dependency groups of each file."""

every_file = pytest.mark.parametrize("file", FILES, ids=relative_path)


def direct_dependencies(groups: list[str]) -> list[Requirement]:
    """Return the dependencies of these groups in pyproject.toml."""
    pyproject = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())
    listed = {SERVICE: pyproject["project"]["dependencies"], **pyproject["dependency-groups"]}
    return [Requirement(line) for group in groups for line in listed[group]]


def version(specifier: SpecifierSet) -> str:
    """Return the version of a locked requirement."""
    [only] = specifier
    assert only.operator == "=="
    return only.version


@every_file
def test_every_requirement_has_hashes(file: Path) -> None:
    hashes = {str(requirement): hashes for requirement, hashes in locked(file)}
    assert [name for name, each in hashes.items() if not each] == []
    assert {each.partition(":")[0] for listed in hashes.values() for each in listed} == {"sha256"}


@every_file
def test_no_host_is_named(file: Path) -> None:
    assert "://" not in file.read_text()


@every_file
def test_locked_versions_satisfy_pyproject(file: Path) -> None:
    versions = {each.name: version(each.specifier) for each, _ in locked(file)}
    for dependency in direct_dependencies(GROUPS[file]):
        chosen = versions[canonicalize_name(dependency.name)]
        assert dependency.specifier.contains(chosen, prereleases=True), dependency


def test_files_agree_on_every_version() -> None:
    versions = defaultdict(set)
    for file in FILES:
        for requirement, _ in locked(file):
            versions[requirement.name].add(version(requirement.specifier))
    assert {name: each for name, each in versions.items() if len(each) > 1} == {}
