"""Fill a database with sample tasks, for demonstrations and benchmarks."""

import re
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, reset_queries, transaction
from tqdm import tqdm

from tasks.models import Task
from todo_project.database.url import describe_database

BATCH_SIZE = 1000
"""The number of tasks in memory, and per INSERT on PostgreSQL; 5000 were no faster."""

END = datetime(2026, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
"""All tasks are dated in the year before END: the rows must not depend on the current date."""

USER_PREFIX = "user-"
SEEDED_USER = re.compile(rf"{USER_PREFIX}([1-9][0-9]{{0,8}})")
"""The users to continue numbering from."""

THINGS = {
    "Buy": ("oat milk", "bread", "crème fraîche", "jalapeños", "抹茶", "a birthday card 🎂"),
    "Call": ("the plumber", "Zoë", "José", "the school", "Ольга", "the tax office"),
    "Book": ("a table", "the ferry to Tromsø", "the dentist", "flights to 東京"),
    "Repair": ("the bicycle", "the kitchen tap", "the garden gate", "Jürgen's ladder"),
}
TITLES = [f"{verb} {thing}" for verb, things in THINGS.items() for thing in things]
DEADLINES = ("", "", " today", " before Friday", " this month")
NOTES = ("Ask for a receipt.", "Closed on Mondays.", "Straße 12, ring twice.\nBring cash.")


def generate(seed: int, number: int, tasks: int) -> Iterator[Task]:
    """Yield the tasks of one user, determined by the seed and the number of the user."""
    random = Random(f"{seed}/{number}")  # noqa: S311 - reproducible, not secret
    for _ in range(tasks):
        age = random.randrange(timedelta(days=365) // MICROSECOND)
        completed = random.random() < 1 / 3
        changed = completed or random.random() < 1 / 3
        yield Task(
            id=UUID(int=random.getrandbits(128), version=4),
            user_id=f"{USER_PREFIX}{number}",
            title=random.choice(TITLES) + random.choice(DEADLINES),
            description=random.choice(NOTES) if random.random() < 1 / 3 else None,
            completed=completed,
            created_at=END - age * MICROSECOND,
            updated_at=END - (random.randint(0, age) if changed else age) * MICROSECOND,
        )


def first_number(*, append: bool) -> int:
    """Return the first free number. One statement. Raises CommandError if tasks exist."""
    if append:
        # For each row of a large table, the pattern and the number would take the database too
        # long.
        users = Task.objects.filter(user_id__startswith=USER_PREFIX).values_list("user_id")
        matches = (SEEDED_USER.fullmatch(user) for (user,) in users.distinct().order_by())
        return 1 + max((int(match[1]) for match in matches if match), default=0)
    if Task.objects.exists():
        raise CommandError(
            f"There are tasks in {describe_database(connection)}. To add to them, add --append."
        )
    return 1


def store(rows: Iterator[Task], total: int, *, silent: bool | None) -> None:
    """Insert the tasks in batches, with a progress bar on stderr."""
    with tqdm(total=total, unit=" tasks", disable=silent) as bar:
        while batch := list(islice(rows, BATCH_SIZE)):
            Task.objects.bulk_create(batch)
            bar.update(len(batch))
            reset_queries()  # with DEBUG, Django records each query


class Command(BaseCommand):
    """Insert all tasks in one transaction: an interrupted run changes nothing."""

    help = (
        "Fill the database with sample tasks of the users user-1, user-2 and so on. The same "
        "arguments give the same rows on every database. All rows are stored, or none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        add = parser.add_argument
        add("--users", type=int, default=20, help="number of users (%(default)s)")
        add("--tasks", type=int, default=50, help="number of tasks of each user (%(default)s)")
        add("--seed", type=int, default=1, help="seed of the random numbers (%(default)s)")
        append = (
            "add users to a database that has tasks, numbered from the last user-N on: "
            "20 users and then 5 appended give the same rows as 25 at once"
        )
        add("--append", action="store_true", help=append)
        add("--yes", action="store_true", help="run although DEBUG is false")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the tasks; raise CommandError for invalid options or a missing `--yes`."""
        users, tasks = options["users"], options["tasks"]
        for name in ("users", "tasks"):
            if options[name] < 1:
                raise CommandError(f"--{name} must be 1 or more, not {options[name]}.")
        if not (settings.DEBUG or options["yes"]):
            raise CommandError(
                f"DEBUG is false, and the database is {describe_database(connection)}. "
                "To fill it with sample tasks, add --yes (with make: SEED=--yes)."
            )
        start = perf_counter()
        with transaction.atomic():
            first = first_number(append=options["append"])
            numbers = range(first, first + users)
            rows = chain.from_iterable(generate(options["seed"], each, tasks) for each in numbers)
            # None: silent unless stderr is a terminal.
            store(rows, users * tasks, silent=None if options["verbosity"] else True)
        seconds = perf_counter() - start
        names = f"{USER_PREFIX}{numbers[0]} to {USER_PREFIX}{numbers[-1]}"
        created = f"Created {users * tasks} tasks for {users} users, {names}"
        self.stdout.write(f"{created}, in {seconds:.1f} s.")
