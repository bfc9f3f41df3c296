"""Tests of docs/licenses.md: it names every runtime package, and what the packages contain."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path, PurePath

import pytest
from django.contrib.staticfiles.finders import get_finders

from tests.dependencies.licenses import PAGE, table_row
from tests.dependencies.requirements import RUNTIME, locked

pytestmark = pytest.mark.once

PERMISSIVE = {
    *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "LLVM-exception", "MIT"),
    *("PSF-2.0", "Unicode-3.0", "Unlicense"),
}

PACKAGES = ("package", "license", "home page")
STATIC_FILES = ("path", "content", "license")


def table(*columns: str) -> list[list[str]]:
    """Return the cells of the table with these columns."""
    header = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    rows = PAGE.read_text().partition(header)[2].partition("\n\n")[0]
    return [row.strip("| ").split(" | ") for row in rows.splitlines()]


def listed(*columns: str) -> list[str]:
    """Return the names in the first column of a table."""
    return [name for first, *_ in table(*columns) for name in re.findall("`(.+?)`", first)]


def installed() -> Iterator[Distribution]:
    """Yield the runtime packages for this system."""
    for requirement, _ in locked(RUNTIME):
        if requirement.marker is None or requirement.marker.evaluate():
            yield distribution(requirement.name)


def not_permissive(expression: str) -> set[str]:
    """Return the licenses in an expression that are not known to be permissive."""
    return set(re.findall(r"[\w.-]+", expression)) - {"AND", "OR", "WITH"} - PERMISSIVE


def test_page_lists_every_runtime_package() -> None:
    assert listed(*PACKAGES) == [each.name for each, _ in locked(RUNTIME)]


def test_page_has_the_license_and_the_home_page_of_installed_packages() -> None:
    lines = PAGE.read_text().splitlines(keepends=True)
    rows = [table_row(package.metadata.json) for package in installed()]
    assert [row for row in rows if row not in lines] == []


def test_page_explains_every_license_that_is_not_permissive() -> None:
    packages = [row[0].strip(" `") for row in table(*PACKAGES) if not_permissive(row[1])]
    assert sorted(listed("package", "license", "what it means")) == packages


def test_page_lists_static_files_that_have_a_license_file() -> None:
    files = [PurePath(path) for finder in get_finders() for path, _ in finder.list([])]
    directories = {directory for file in files for directory in file.parents}
    assert [each for each in listed(*STATIC_FILES) if PurePath(each) not in directories] == []
    assert [
        str(file)
        for file in files
        if "LICENSE" in file.name and not any(map(file.is_relative_to, listed(*STATIC_FILES)))
    ] == []


def test_page_lists_libraries_of_psycopg() -> None:
    directory = Path(str(distribution("psycopg-binary").locate_file("psycopg_binary.libs")))
    libraries = {re.split("[-.]", path.name)[0] for path in directory.glob("*")}
    assert libraries - {*listed("library", "project", "license")} == set()


def test_rust_packages_in_wheels_have_permissive_licenses() -> None:
    licenses = {}
    for package in installed():
        for file in package.files or ():
            if file.match("*.dist-info/sboms/*.cyclonedx.json"):  # written by maturin
                components = json.loads(file.read_text())["components"]
                stated = [each["expression"] for part in components for each in part["licenses"]]
                licenses[package.name] = not_permissive(" AND ".join(stated))
    assert licenses == {"orjson": set(), "rpds-py": set()}
