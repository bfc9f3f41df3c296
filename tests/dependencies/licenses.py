"""Write the licenses of the runtime packages to docs/licenses.md: the last step of `make lock`."""

import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packaging.licenses import canonicalize_license_expression
from packaging.utils import canonicalize_name

from tests.dependencies.requirements import RUNTIME
from todo_project.environment import BASE_DIR

UV = Path(sys.executable).with_name("uv")

PAGE = BASE_DIR / "docs" / "licenses.md"

ROWS = re.compile(r"(?<=\| package \| license \| home page \|\n\|---\|---\|---\|\n)(?:\|.*\n)*")
"""The rows of the table of packages."""

EXPRESSIONS = {
    ("colorama", "BSD License"): "BSD-3-Clause",
    ("drf-spectacular-sidecar", "BSD"): "BSD-3-Clause",
    ("sqlparse", "BSD License"): "BSD-3-Clause",
    ("uritemplate", "BSD 3-Clause OR Apache-2.0"): "BSD-3-Clause OR Apache-2.0",
}
"""What a package states that is not an SPDX expression, and the one of its license file."""

# https://packaging.python.org/en/latest/specifications/well-known-project-urls/
HOME_PAGES = ("homepage", "source", "repository", "sourcecode", "github")

Metadata = Mapping[str, Any]
"""The core metadata of a package as JSON: peps.python.org/pep-0566/#json-compatible-metadata"""


def main() -> None:
    """Replace the table of packages; raise InvalidLicenseExpression for an unknown license."""
    packages = sorted(downloaded_metadata(), key=package_name)
    PAGE.write_text(ROWS.sub("".join(map(table_row, packages)), PAGE.read_text()))


def downloaded_metadata() -> list[Metadata]:
    """Return the metadata of all runtime packages, also of those for other systems."""
    with TemporaryDirectory() as directory:
        requirements = Path(directory) / "requirements.txt"
        requirements.write_text(re.sub(r" ; .*(?= \\)", "", RUNTIME.read_text()))
        subprocess.run(
            [UV, "pip", "install", "-q", "--no-deps", "--target", directory, "-r", requirements],
            check=True,
        )
        return [each.metadata.json for each in distributions(path=[directory])]


def package_name(metadata: Metadata) -> str:
    """Return the name as the requirements files have it."""
    return canonicalize_name(metadata["name"])


def table_row(metadata: Metadata) -> str:
    """Return the line of a package."""
    expression, url = spdx_expression(metadata), home_page(metadata)
    return f"| `{package_name(metadata)}` | {expression} | <{url}> |\n"


def spdx_expression(metadata: Metadata) -> str:
    """Return the license; raise InvalidLicenseExpression if it has to be added to EXPRESSIONS."""
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in metadata.get("classifier", ())
        if each.startswith("License ::")
    ]
    fallback = metadata.get("license", " AND ".join(classifiers))
    stated = str(metadata.get("license_expression", fallback))
    return canonicalize_license_expression(
        EXPRESSIONS.get((package_name(metadata), stated), stated)
    )


def home_page(metadata: Metadata) -> str:
    """Return the home page, or the repository of a package that states none."""
    urls: dict[str, str] = {}
    for each in metadata.get("project_url", ()):
        label, _, url = each.partition(", ")
        urls[re.sub(r"\W", "", label).lower()] = url
    if "home_page" in metadata:
        return str(metadata["home_page"])
    return next(urls[label] for label in HOME_PAGES if label in urls)


if __name__ == "__main__":
    main()
