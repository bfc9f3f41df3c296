"""The requirements files that `make lock` writes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from todo_project.environment import BASE_DIR

RUNTIME = BASE_DIR / "requirements.txt"
FILES = (
    RUNTIME,
    BASE_DIR / "requirements-dev.txt",
    BASE_DIR / "tests" / "requirements.txt",
    BASE_DIR / "benchmarks" / "requirements.txt",
)

CONTINUED = re.compile(r"\s*\\\n\s*")


class Locked(NamedTuple):
    """A requirement, and the hashes of its distributions: `sha256:…`."""

    requirement: Requirement
    hashes: list[str]


def locked(file: Path) -> Iterator[Locked]:
    """Yield the requirements; raise InvalidRequirement for a line that is something else."""
    for line in CONTINUED.sub(" ", file.read_text()).splitlines():
        if not line.lstrip().startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            yield Locked(Requirement(requirement), hashes)
