"""Tests of .dockerignore: what gets into the image."""

import pytest

from tests.support.servers.dockerignore import is_ignored
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        (".env", True),
        ("db.sqlite3", True),
        ("staticfiles/staticfiles.json", True),
        ("tests/conftest.py", True),
        ("docs/clients.md", False),
        ("tasks/models.py", False),
        ("tasks/api/__pycache__/views.cpython-311.pyc", True),
        ("manage.py", False),
    ],
)
def test_only_the_service_is_copied_to_the_image(path: str, *, ignored: bool) -> None:
    assert is_ignored(path, (BASE_DIR / ".dockerignore").read_text().splitlines()) is ignored
