"""Tests of where `export_tasks` writes: files, standard output, the progress bar."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection

from tests.support.commands import attach_terminal, export_tasks, import_tasks, seed_tasks
from tests.support.servers.gunicorn import database_url
from todo_project.database.url import describe_database
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.django_db

SEEDED = ("--users=2", "--tasks=5100", "--yes")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Create 10,200 tasks; return the path of a file that does not exist."""
    seed_tasks(*SEEDED)
    return tmp_path / "tasks.jsonl"


@contextmanager
def before_second_batch(action: Callable[[], Any]) -> Iterator[None]:
    """Call the action after the first batch has been written."""
    statements = iter([None, None, action])  # the number of tasks, the first batch

    def call(execute: Callable[..., Any], *arguments: Any) -> Any:
        due = next(statements, None)
        if due:
            due()
        return execute(*arguments)

    with connection.execute_wrapper(call):
        yield


def interrupt() -> None:
    raise KeyboardInterrupt


def test_file_has_the_lines_of_stdout(file: Path) -> None:
    assert export_tasks(f"--output={file}") == b""
    assert file.read_bytes() == export_tasks()
    assert [*file.parent.iterdir()] == [file]
    assert file.stat().st_mode & 0o777 == 0o600  # the file has the data of all users


def test_existing_file_is_an_error_and_kept(file: Path) -> None:
    file.write_bytes(b"kept")
    with pytest.raises(CommandError) as error:
        export_tasks(f"--output={file}")
    assert str(error.value) == f"{file}: exists; to replace it, add --force."
    assert file.read_bytes() == b"kept"


def test_force_replaces_the_file(file: Path) -> None:
    file.write_bytes(b"replaced")
    export_tasks(f"--output={file}", "--force")
    assert file.read_bytes() == export_tasks()


def test_force_replaces_the_file_that_a_symbolic_link_names(file: Path) -> None:
    file.write_bytes(b"replaced")
    link = file.with_name("link")
    link.symlink_to(file)
    export_tasks(f"--output={link}", "--force")
    assert link.is_symlink()
    assert file.read_bytes() == export_tasks()


@pytest.mark.parametrize("options", [[], ["--force"]])
def test_interrupted_export_leaves_no_file(options: list[str], file: Path) -> None:
    with pytest.raises(KeyboardInterrupt), before_second_batch(interrupt):
        export_tasks(f"--output={file}", *options)
    assert [*file.parent.iterdir()] == []


def test_interrupted_export_keeps_the_file_it_would_replace(file: Path) -> None:
    file.write_bytes(b"kept")
    with pytest.raises(KeyboardInterrupt), before_second_batch(interrupt):
        export_tasks(f"--output={file}", "--force")
    assert [*file.parent.iterdir()] == [file]
    assert file.read_bytes() == b"kept"


def test_file_created_during_the_export_is_kept(file: Path) -> None:
    with (
        pytest.raises(CommandError, match=f"^{file}: File exists$"),
        before_second_batch(lambda: file.write_bytes(b"kept")),
    ):
        export_tasks(f"--output={file}")
    assert [*file.parent.iterdir()] == [file]
    assert file.read_bytes() == b"kept"


def test_what_is_not_a_file_is_an_error(tmp_path: Path) -> None:
    for path, options, reason in (
        (tmp_path, ["--force"], "not a file."),
        (Path("/dev/null"), ["--force"], "not a file."),
        (tmp_path / "missing" / "tasks.jsonl", [], "No such file or directory"),
    ):
        with pytest.raises(CommandError) as error:
            export_tasks(f"--output={path}", *options)
        assert str(error.value) == f"{path}: {reason}"


@pytest.mark.django_db(transaction=True)
def test_full_disk_is_an_error_of_one_line(file: Path) -> None:
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [sys.executable, "manage.py", "export_tasks", "--verbosity=0"],
            env=os.environ | {"DATABASE_URL": database_url()},
            cwd=BASE_DIR,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert finished.stderr.startswith("CommandError: stdout: No space left on device\n")
    assert finished.returncode != 0


def test_terminal_shows_progress_and_summary(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = attach_terminal(monkeypatch)
    export_tasks(f"--output={file}")
    exported = terminal.getvalue()
    first, *_, last = re.findall(r"\d+/\d+", exported)  # more if it takes longer
    assert (first, last) == ("0/10200", "10200/10200")
    assert set(re.findall(r"[a-z]+/s", exported)) == {"tasks/s"}
    assert f"Exported 10200 tasks from {describe_database(connection)}." in exported

    terminal = attach_terminal(monkeypatch)
    import_tasks(file)
    size = f"{file.stat().st_size / 1e6:.2f}M"
    assert set(re.findall(r"/([\d.]+M)", terminal.getvalue())) == {size}
    assert f"| {size}/{size} [" in terminal.getvalue()


def test_verbosity_0_and_no_terminal_show_no_progress(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    export_tasks(f"--output={file}")
    import_tasks(file)
    summary = f"Exported 10200 tasks from {describe_database(connection)}.\n"
    assert capsys.readouterr() == ("", summary)
    terminal = attach_terminal(monkeypatch)
    export_tasks("--verbosity=0")
    import_tasks(file, "--verbosity=0")
    assert terminal.getvalue() == ""
