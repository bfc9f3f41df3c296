"""The fixture of the tests that generate or compile code."""

from pathlib import Path

import pytest


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return an empty directory in which TypeScript finds the packages."""
    (tmp_path / "node_modules").symlink_to(Path(__file__).with_name("node_modules"))
    return tmp_path
