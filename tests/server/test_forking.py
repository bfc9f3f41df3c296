"""Tests of the fork of a worker, in a process of their own."""

import pytest

from tests.support.processes import run_python

pytestmark = pytest.mark.once

START = """
import os, signal, time
from todo_project.server.forking import forks

forks.prepare()
signal.signal(signal.SIGTERM, lambda *_: print("the master receives SIGTERM", flush=True))
worker = os.fork()
if worker == 0:
"""


def test_master_continues_once_the_worker_listens() -> None:
    script = f"""{START}
    time.sleep(0.2)
    print("the worker listens", flush=True)
    forks.on_listening()
    os._exit(0)
print("the master continues", flush=True)
os.wait()
"""
    assert run_python("-c", script) == "the worker listens\nthe master continues\n"


def test_master_continues_if_the_worker_ends() -> None:
    script = f"""{START}
    print("the worker ends", flush=True)
    os._exit(1)
print("the master continues", flush=True)
os.wait()
"""
    assert run_python("-c", script) == "the worker ends\nthe master continues\n"


def test_sigterm_waits_for_the_handler_of_the_worker() -> None:
    script = f"""{START}
    os.kill(os.getpid(), signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda *_: print("the worker receives SIGTERM", flush=True))
    forks.on_listening()
    os._exit(0)
os.wait()
os.kill(os.getpid(), signal.SIGTERM)
"""
    assert run_python("-c", script) == "the worker receives SIGTERM\nthe master receives SIGTERM\n"
