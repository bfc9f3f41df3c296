"""What a hosting platform does: copy the code, build it, and run the commands of the Procfile."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers.gunicorn import Instance, running
from todo_project.environment import BASE_DIR

STRONG_KEY = "correct horse battery staple, and then some more of it"
COLLECTSTATIC = [sys.executable, "manage.py", "collectstatic", "--noinput", "--traceback"]
"""The command of Heroku's buildpack (bin/steps/collectstatic)."""

UNREACHABLE_DATABASE = "postgresql://todo@127.0.0.1:1/todo"


def procfile(process: str) -> str:
    """Return the command of a process type."""
    [command] = re.findall(
        rf"^{process}: (.+)$", (BASE_DIR / "Procfile").read_text(), re.MULTILINE
    )
    return str(command)


def checkout(directory: Path) -> Path:
    """Copy the code of the service to an empty directory; return the directory."""
    for name in ("docs", "tasks", "todo_project"):
        shutil.copytree(BASE_DIR / name, directory / name)
    for name in ("Procfile", "gunicorn.conf.py", "manage.py", "pyproject.toml"):
        shutil.copy(BASE_DIR / name, directory)
    return directory


def build(directory: Path) -> Path:
    """Collect the static files, as Heroku does: without a database; return the directory."""
    variables = {"SECRET_KEY": STRONG_KEY, "DATABASE_URL": UNREACHABLE_DATABASE, "PYTHONPATH": "."}
    subprocess.run(COLLECTSTATIC, cwd=directory, env=environment(**variables), check=True)
    return directory


def environment(**variables: str) -> dict[str, str]:
    """Return these variables, and of those of the tests only what programs need to start."""
    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | variables


@contextmanager
def start(
    shell: str, command: str, directory: Path, log: Path, **variables: str
) -> Iterator[Instance]:
    """Run a command in a shell until the end of the block; variables must contain PORT."""
    errors, port = log.with_suffix(".errors"), int(variables["PORT"])
    with (
        log.open("wb") as output,
        errors.open("wb") as error_output,
        running(
            [shell, "-c", command],
            port,
            cwd=directory,
            env=environment(**variables),
            stdout=output,
            stderr=error_output,
        ) as process,
    ):
        yield Instance(process, port, log, errors)
