"""Python processes with their own environment variables."""

import atexit
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from tempfile import TemporaryFile

from todo_project.environment import BASE_DIR

START = "import todo_project.settings as s; exec(open('gunicorn.conf.py').read()); print(({}))"


@cache
def fork_server() -> socket.socket:
    """Start `tests.support.fork_server`; return the socket that controls it."""
    control, other_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with other_end:
        descriptor = other_end.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.fork_server", str(descriptor)],
            cwd=BASE_DIR,
            env={"PATH": os.environ["PATH"]},
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C interrupts the tests only
        )
    atexit.register(process.wait)
    atexit.register(control.close)
    return control


def python(
    *arguments: str, environ: Mapping[str, str] = os.environ
) -> "subprocess.CompletedProcess[str]":
    """Run Python in the directory of the project, with these environment variables only."""
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        message = json.dumps([arguments, dict(environ)]).encode()
        socket.send_fds(fork_server(), [message], [output.fileno(), errors.fileno()])
        code = int(fork_server().recv(16))
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(arguments, code, output.read(), errors.read())


def start(expression: str = "''", **variables: str) -> tuple[int, str]:
    """Load the settings and gunicorn.conf.py with only these environment variables.

    Returns the exit code and the output: the value of `expression`, which can use the settings
    module as `s` and the names of gunicorn.conf.py, or the error.
    """
    kept = {"PATH", "PYTHON_DOTENV_DISABLED", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"}
    environ = {name: value for name, value in os.environ.items() if name in kept}
    finished = python("-c", START.format(expression), environ=environ | variables)
    return finished.returncode, (finished.stdout + finished.stderr).strip()


def run_python(*arguments: str, **variables: str) -> str:
    """Run Python with these environment variables added; return its standard output."""
    added = {"DJANGO_SETTINGS_MODULE": "todo_project.settings"} | variables
    finished = python(*arguments, environ=os.environ | added)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
