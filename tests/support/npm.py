"""Commands of npm and Vite in the folders of the TypeScript client."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.servers.gunicorn import free_port, running
from todo_project.environment import BASE_DIR

CLIENT = BASE_DIR / "clients" / "typescript"
PAGE = BASE_DIR / "clients" / "page"


def npm(directory: Path, *arguments: str, **variables: str) -> str:
    """Run npm with these environment variables added; return its standard output.

    If it fails, fail the test with its output.
    """
    finished = subprocess.run(
        ["npm", *arguments],
        cwd=directory,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if finished.returncode:
        output = finished.stdout + finished.stderr
        pytest.fail(f"npm {' '.join(arguments)}:\n{output}", pytrace=False)
    return finished.stdout


@contextmanager
def vite_preview(project: Path, build: Path) -> Iterator[str]:
    """Serve the build of a project with Vite; yield the origin."""
    port = free_port()
    options = ["--outDir", str(build), "--host", "127.0.0.1", "--port", str(port), "--strictPort"]
    command = [project / "node_modules" / ".bin" / "vite", "preview", *options]
    with running(command, port, cwd=project, stdout=subprocess.DEVNULL):
        yield f"http://127.0.0.1:{port}"
