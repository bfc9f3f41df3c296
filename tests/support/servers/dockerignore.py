"""The build context of the Dockerfile: the files that .dockerignore does not exclude."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from todo_project.environment import BASE_DIR


def context() -> Iterator[str]:
    """Yield the files that .dockerignore does not exclude."""
    patterns = (BASE_DIR / ".dockerignore").read_text().splitlines()
    rules = [pattern for pattern in patterns if pattern and not pattern.startswith("#")]
    for directory, children, names in os.walk(BASE_DIR):
        parent = Path(directory).relative_to(BASE_DIR)
        children[:] = [each for each in children if _is_searched(str(parent / each), rules)]
        yield from (
            str(parent / each) for each in names if not is_ignored(f"{parent / each}", rules)
        )


def _is_searched(directory: str, rules: list[str]) -> bool:
    """Return whether the directory, or something in it, is not excluded."""
    exceptions = any(rule.startswith(f"!{directory}/") for rule in rules)
    return exceptions or not is_ignored(directory, rules)


def is_ignored(path: str, rules: list[str]) -> bool:
    """Return whether the last rule that matches the path or a parent of it excludes it."""
    candidates = [path, *map(str, Path(path).parents)][:-1]
    ignored = False
    for rule in rules:
        pattern = re.compile(_regex(rule.removeprefix("!").rstrip("/")))
        if any(map(pattern.fullmatch, candidates)):
            ignored = not rule.startswith("!")
    return ignored


def _regex(rule: str) -> str:
    wildcards = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return "".join(
        wildcards.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*)", rule)
    )
