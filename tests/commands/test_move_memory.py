"""Tests that `export_tasks` and `import_tasks` need as much memory for many tasks as for few."""

from pathlib import Path

import pytest

from tests.support.processes import run_python
from tests.support.servers.gunicorn import database_url
from tests.support.stored_tasks import numbered, write

pytestmark = pytest.mark.django_db(transaction=True)

MAX_GROWTH = 30_000
"""kB. The 99,000 tasks more have 23 MB as lines, and several times that as objects."""

MEASURED = """
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
# Not getrusage: the maximum that it reports includes that of the parent before exec.
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def memory(*command: str) -> tuple[str, int]:
    """Run a command of manage.py; return what it prints, and its maximum memory in kB."""
    variables = {"DATABASE_URL": database_url(), "COVERAGE_PROCESS_CONFIG": ""}  # it is slow
    printed = run_python("-c", MEASURED, *command, "-v0", **variables)
    *lines, peak = printed.splitlines()
    return "\n".join(lines), int(peak)


def test_memory_does_not_grow_with_the_number_of_tasks(tmp_path: Path) -> None:
    file, few, exported = (
        tmp_path / name for name in ("all.jsonl", "few.jsonl", "exported.jsonl")
    )
    rows = numbered(100_000, title="Buy a birthday card for Zoë")
    write(few, rows[:1000])
    write(file, rows)
    export = ("export_tasks", f"--output={exported}", "--force")

    _, import_of_few = memory("import_tasks", str(few))
    _, export_of_few = memory(*export)
    printed, import_of_all = memory("import_tasks", str(file))
    assert printed.endswith("created 99000, already there 1000.")
    _, export_of_all = memory(*export)
    assert sorted(exported.read_bytes().splitlines()) == file.read_bytes().splitlines()
    assert import_of_all - import_of_few < MAX_GROWTH
    assert export_of_all - export_of_few < MAX_GROWTH
