"""Store tasks from JSON lines, as `export_tasks` writes them."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections, reset_queries, transaction
from rest_framework.exceptions import ValidationError
from tqdm import tqdm

from tasks.management.json_lines import BATCH_SIZE, MAX_LINE_LENGTH, parse_line
from tasks.models import COLUMNS, Task
from todo_project.database.url import describe_database
from todo_project.management.direct_connection import DirectConnectionCommand
from todo_project.problems.details import validation_problem

members = attrgetter(*COLUMNS)


def read_batches(file: IO[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines of the file, those that are too long in parts."""
    lines = iter(lambda: file.readline(MAX_LINE_LENGTH + 1), b"")
    while batch := list(islice(lines, BATCH_SIZE)):
        yield batch


def parse(number: int, line: bytes) -> Task:
    """Return the task of the line with this number; raise CommandError if it is invalid."""
    try:
        return parse_line(line)
    except ValidationError as error:
        raise CommandError(f"Line {number}: {validation_problem(error).detail}") from error


def store(alias: str, tasks: list[Task]) -> tuple[int, list[int]]:
    """Insert the tasks whose ids are new, in one transaction.

    Returns the number of inserted tasks, and the positions of the tasks whose id belongs to a
    stored task that differs, which can be one of another user.
    """
    inserted = 0

    def count(execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        nonlocal inserted
        result = execute(f"{sql} RETURNING 1", *call)
        inserted += len(call[-1]["cursor"].fetchall())
        return result

    queryset = Task.objects.using(alias)
    with transaction.atomic(using=alias):
        # bulk_create does not return how many rows existed, and the number that Citus reports for
        # an INSERT ... SELECT includes them.
        with connections[alias].execute_wrapper(count):
            queryset.bulk_create(tasks, ignore_conflicts=True)
        if inserted == len(tasks):
            return inserted, []
        # By user and id, which is the key of a distributed table.
        users, ids = ({getattr(task, name) for task in tasks} for name in ("user_id", "id"))
        stored = {members(task) for task in queryset.filter(user_id__in=users, id__in=ids)}
    return inserted, [
        position for position, task in enumerate(tasks) if members(task) not in stored
    ]


class Command(DirectConnectionCommand):
    """Store each batch of lines in one transaction. Repeating the command creates nothing."""

    help = (
        "Store tasks from JSON lines, as export_tasks writes them, with all members as they are. "
        "A task whose id exists is not stored again. An invalid line ends the import; the lines "
        "before its batch stay stored."
    )
    lines = created = conflicts = 0  # so far

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        add = parser.add_argument
        add("file", type=Path, nargs="?", metavar="FILE", help="the file; without it, stdin")
        add("--dry-run", action="store_true", help="only validate the lines; store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the tasks; raise CommandError for an invalid line, and for conflicts."""
        path: Path | None = options["file"]
        alias = None if options["dry_run"] else options["database"]
        try:
            with path.open("rb") if path else nullcontext(sys.stdin.buffer) as file:
                self.read(file, alias, silent=None if options["verbosity"] else True)
        except OSError as error:
            raise CommandError(f"{path or 'stdin'}: {error.strerror}") from error
        finally:
            if alias:
                self.report(alias)
        if not alias:
            self.stdout.write(f"All {self.lines} lines are valid. Nothing was stored.")
        if self.conflicts:
            raise CommandError(f"Conflicts: {self.conflicts}. The stored tasks were kept.")

    def read(self, file: IO[bytes], alias: str | None, *, silent: bool | None) -> None:
        """Validate the lines and, unless `alias` is None, store their tasks."""
        size = os.fstat(file.fileno()).st_size or None  # a pipe has none
        with tqdm(total=size, unit="B", unit_scale=True, disable=silent) as bar:
            for lines in read_batches(file):
                first = self.lines + 1
                tasks = [parse(number, line) for number, line in enumerate(lines, first)]
                created, conflicts = store(alias, tasks) if alias else (0, [])
                self.lines += len(lines)
                self.created += created
                self.conflicts += len(conflicts)
                bar.update(sum(map(len, lines)))
                for position in conflicts:
                    bar.clear()
                    reason = "The id belongs to a stored task that differs."
                    self.stderr.write(f"Line {first + position}: {reason}")
                reset_queries()  # with DEBUG, Django records each query

    def report(self, alias: str) -> None:
        """Write what is stored, also after an error."""
        already_stored = self.lines - self.created - self.conflicts
        lines = f"Lines 1 to {self.lines} are" if self.lines else "No line is"
        self.stdout.write(
            f"{lines} stored in {describe_database(connections[alias])}: "
            f"created {self.created}, already there {already_stored}."
        )
