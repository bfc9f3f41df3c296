"""Write tasks as JSON lines, to move them to another database or to back them up."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, NamedTuple, cast

from django.core.management.base import CommandError, CommandParser
from django.db import connections, reset_queries
from django.db.models import Count, QuerySet, Value
from django.db.models.lookups import LessThan
from rest_framework.exceptions import ValidationError
from tqdm import tqdm

from tasks.api.path_parameters import validate_user_id
from tasks.functions import RowValue
from tasks.management.json_lines import format_line
from tasks.models import COLUMNS, Task
from tasks.queries import TaskRow
from todo_project.database.url import describe_database
from todo_project.management.direct_connection import DirectConnectionCommand
from todo_project.problems.details import validation_problem

BATCH_SIZE = 10_000
"""The maximum number of tasks in memory, and of a statement: as many as the API lists.

A statement on many users has a cost for each shard, whatever it returns: with 1,000 tasks, the
export of 64 partitions took twice the CPU time of that of one table, with 10,000 a quarter more.
"""


class UserRange(NamedTuple):
    """User ids from `first` to `last`, in the order of the database, and the number of tasks."""

    first: str
    last: str
    tasks: int


def user_ranges(tasks: QuerySet[Task]) -> list[UserRange]:
    """Divide the users into ranges, each of one user, or with fewer tasks than a batch.

    One statement reads the index once. Its result is in memory as a whole only behind a pooler,
    which keeps no cursor.
    """
    ranges: list[UserRange] = []
    users = tasks.order_by("user_id").values_list("user_id").annotate(Count("id"))
    for user_id, count in users.iterator():
        first, _, before = ranges[-1] if ranges else (user_id, user_id, BATCH_SIZE)
        if before + count < BATCH_SIZE:
            ranges[-1] = UserRange(first, user_id, before + count)
        else:
            ranges.append(UserRange(user_id, user_id, count))
    return ranges


def in_batches(tasks: QuerySet[Task], ranges: Iterable[UserRange]) -> Iterator[list[TaskRow]]:
    """Yield the tasks in the order of the index: by user, newest first.

    Each batch is a page of one statement. A server-side cursor would need a transaction for as
    long as the export takes, and behind a pooler there is none. Each statement reads one range:
    with LIMIT alone, every shard of a distributed table would read a whole batch.
    """
    for first, last, _ in ranges:
        of_range = tasks.filter(user_id__range=(first, last))
        if first == last:  # then only the shard of the user is read
            of_range = tasks.filter(user_id=first)
        rows = of_range.order_by("user_id", "-created_at", "-id").values(*COLUMNS)
        unread = [rows]
        while unread:
            batch = cast("list[TaskRow]", list(unread.pop()[:BATCH_SIZE]))
            if batch:
                yield batch
            if len(batch) == BATCH_SIZE:
                last_row = batch[-1]
                position = RowValue(Value(last_row["created_at"]), Value(last_row["id"]))
                older = LessThan(RowValue("created_at", "id"), position)
                # One statement for both could not start at the position in the index.
                unread = [
                    rows.filter(user_id__gt=last_row["user_id"]),
                    rows.filter(older, user_id=last_row["user_id"]),
                ]


def of_user(tasks: QuerySet[Task], user_id: str) -> QuerySet[Task]:
    """Return the tasks of the user; raise CommandError if the user id is not valid."""
    try:
        return tasks.filter(user_id=validate_user_id(user_id))
    except ValidationError as error:
        raise CommandError(validation_problem(error).detail) from error


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Yield a temporary file that becomes the file at `path` when the block succeeds.

    Raises CommandError if there is something at `path`, unless it is a file and `force` is true.
    """
    if path.exists() and not (force and path.is_file()):
        reason = "not a file" if force else "exists; to replace it, add --force"
        raise CommandError(f"{path}: {reason}.")
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", delete=False) as file:
        try:
            yield file
            file.close()
            if not force:
                path.touch(exist_ok=False)  # another process may have created it since
            Path(file.name).replace(path)
        finally:
            Path(file.name).unlink(missing_ok=True)


class Command(DirectConnectionCommand):
    """Export while the service runs, or before a move without it."""

    help = (
        "Write tasks as JSON lines: one task a line, with all members exactly as the API returns "
        "them, by user and newest first. import_tasks reads them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        add = parser.add_argument
        add("--output", type=Path, metavar="FILE", help="write to this file instead of stdout")
        add("--force", action="store_true", help="replace the file if it exists")
        add("--user", metavar="USER_ID", help="export only the tasks of this user")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export the tasks; raise CommandError if the file cannot be written."""
        tasks: QuerySet[Task] = Task.objects.using(options["database"])
        if options["user"] is not None:
            tasks = of_user(tasks, options["user"])
        output: Path | None = options["output"] and options["output"].resolve()
        # The bytes of the API are UTF-8, whatever the encoding of the terminal is.
        stdout: Any = self.stdout
        target = new_file(output, force=options["force"]) if output else nullcontext(stdout.buffer)
        try:
            with target as file:
                exported = self.write(tasks, file, silent=None if options["verbosity"] else True)
                file.flush()
        except OSError as error:
            raise CommandError(f"{output or 'stdout'}: {error.strerror}") from error
        if options["verbosity"]:
            source = describe_database(connections[tasks.db])
            self.stderr.write(f"Exported {exported} tasks from {source}.", self.style.SUCCESS)

    def write(self, tasks: QuerySet[Task], file: IO[bytes], *, silent: bool | None) -> int:
        """Write the tasks, with a progress bar on stderr; return their number."""
        exported = 0
        ranges = user_ranges(tasks)
        total = sum(each.tasks for each in ranges)
        with tqdm(total=total, unit=" tasks", disable=silent) as bar:
            for batch in in_batches(tasks, ranges):
                file.writelines(map(format_line, batch))
                exported += len(batch)
                bar.update(len(batch))
                reset_queries()  # with DEBUG, Django records each query
        return exported
