"""The metrics of several workers: each writes its values to files, and `/metrics` adds them up.

By default the files are named after process ids, so that every new worker would add some. Here
they are named after numbers: a new worker takes the number of one that has ended, and continues
its counters.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable from which the library takes the directory of the files."""

PREFIX = "todo-api-metrics-"


this_process = SimpleNamespace(number=0)
"""The number of this worker, from 1 on; 0 in gunicorn's master process."""


@cache  # gunicorn executes its configuration again on SIGHUP
def prepare(parent: str) -> None:
    """Create a directory for the files in `parent`, before the first metric is defined.

    It is locked as long as a process of this instance lives, since workers inherit the lock.
    """
    remove_unused(parent)
    os.environ[DIRECTORY] = directory = tempfile.mkdtemp(prefix=PREFIX, dir=parent)
    fcntl.flock(os.open(directory, os.O_RDONLY), fcntl.LOCK_SH)
    values.ValueClass = values.MultiProcessValue(lambda: this_process.number)  # type: ignore[no-untyped-call]


def remove_unused(parent: str) -> None:
    """Remove the directories of instances that were killed."""
    for directory in Path(parent).glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is locked, or belongs to another user
            descriptor = os.open(directory, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory)
            finally:
                os.close(descriptor)


def pre_fork(server: Any, worker: Any) -> None:
    """Give a new worker the lowest number that no other has."""
    used = {other.metrics_number for other in server.WORKERS.values()}
    worker.metrics_number = next(number for number in count(1) if number not in used)


def post_fork(_server: Any, worker: Any) -> None:
    """Use the files of this worker."""
    from todo_project.metrics.requests import THREADS  # noqa: PLC0415 - after `prepare`

    this_process.number = worker.metrics_number
    THREADS.set(worker.cfg.threads)


def set_queued(worker: Any) -> None:
    """Set the gauge of queued requests."""
    from todo_project.metrics.requests import QUEUED  # noqa: PLC0415 - after `prepare`

    QUEUED.set(worker.queue.qsize())


def child_exit(_server: Any, worker: Any) -> None:
    """Drop what was true only while the worker lived; keep what it has counted."""
    mark_process_dead(worker.metrics_number)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Remove the directory, after the last worker has ended."""
    shutil.rmtree(os.environ[DIRECTORY], ignore_errors=True)
