"""A process that has imported the libraries of the service, and forks to run Python programs.

A program starts there in a fifth of the time of a new interpreter. It has its own environment
variables and output, and imports the settings, the service, and what reads the settings itself.
"""

import gc
import json
import os
import runpy
import socket
import sys
from importlib import import_module

LIBRARIES = (
    "corsheaders.middleware",
    "coverage",
    "dj_database_url",
    "django.core.management.commands.runserver",
    "django.contrib.admin.utils",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.test.client",
    "drf_spectacular.utils",
    "gunicorn.workers.gthread",
    "jsonschema",
    "orjson",
    "pythonjsonlogger.json",
    "rest_framework.serializers",
    "tqdm",
    "whitenoise.middleware",
)
"""What the service imports, and does not need the settings."""


def execute(arguments: list[str]) -> None:
    """Do what the interpreter does with its arguments."""
    if arguments[0] == "-c":
        sys.argv = ["-c", *arguments[2:]]
        exec(arguments[1], {"__name__": "__main__"})
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def serve(control: socket.socket) -> list[str]:
    """Fork for each message; return the arguments in the child process, and none at the end.

    A message has two descriptors: standard output and standard error.
    """
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 2**20, 2)
        if not message:
            return []
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            control.send(str(os.waitstatus_to_exitcode(status)).encode())
            for descriptor in descriptors:
                os.close(descriptor)
            continue
        control.close()
        for number, descriptor in enumerate(descriptors, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.environ.clear()
        arguments: list[str]
        arguments, environ = json.loads(message)
        os.environ.update(environ)
        return arguments


if __name__ == "__main__":
    for name in LIBRARIES:
        import_module(name)
    gc.freeze()  # a child process need not free these objects when it exits, which takes longer
    if arguments := serve(socket.socket(fileno=int(sys.argv[1]))):
        if os.environ.get("COVERAGE_PROCESS_CONFIG"):
            import_module("coverage").process_startup()
        execute(arguments)
