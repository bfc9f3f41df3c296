"""Python processes with their own environment variables."""

import os
import subprocess
import sys

from todo_project.environment import BASE_DIR

START = "import todo_project.settings as s; exec(open('gunicorn.conf.py').read()); print(({}))"


def start(expression: str = "''", **variables: str) -> tuple[int, str]:
    """Load the settings and gunicorn.conf.py with only these environment variables.

    Returns the exit code and the output: the value of `expression`, which can use the settings
    module as `s` and the names of gunicorn.conf.py, or the error.
    """
    kept = {"PATH", "PYTHON_DOTENV_DISABLED", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"}
    environ = {name: value for name, value in os.environ.items() if name in kept}
    finished = subprocess.run(
        [sys.executable, "-c", START.format(expression)],
        env=environ | variables,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, (finished.stdout + finished.stderr).strip()


def run_python(*arguments: str, **variables: str) -> str:
    """Run Python with these environment variables added; return its standard output."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "todo_project.settings"} | variables,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
