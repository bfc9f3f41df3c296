"""Fill a database with invented tasks, for demos and benchmarks."""

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
from django.db.models import IntegerField, Max
from django.db.models.functions import Cast, Substr
from tqdm import tqdm

from tasks.models import Task
from todo_project.database_url import described

BATCH = 1000
"""Tasks in memory at once, and in an INSERT of PostgreSQL; 5000 were no faster."""

END = datetime(2026, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
YEAR = timedelta(days=365) // MICROSECOND
"""Tasks are created in the year that ends then, not today: today is no argument."""

USER = "user-"
SEEDED = rf"^{USER}[1-9][0-9]{{0,8}}\Z"
"""The users to number on from, as far as their numbers fit an integer of the database."""

THINGS = {
    "Buy": ("oat milk", "bread", "crème fraîche", "jalapeños", "抹茶", "a birthday card 🎂"),
    "Call": ("the plumber", "Zoë", "José", "the school", "Ольга", "the tax office"),
    "Book": ("a table", "the ferry to Tromsø", "the dentist", "flights to 東京"),
    "Repair": ("the bicycle", "the kitchen tap", "the garden gate", "Jürgen's ladder"),
}
TITLES = [f"{verb} {thing}" for verb, things in THINGS.items() for thing in things]
DEADLINES = ("", "", " today", " before Friday", " this month")
NOTES = ("Ask for a receipt.", "Closed on Mondays.", "Straße 12, ring twice.\nBring cash.")

APPEND = (
    "add new users to a database with tasks, numbered on from the last user-N: "
    "20 users and then 5 appended are the same rows as 25 at once"
)


def invent(seed: int, number: int, tasks: int) -> Iterator[Task]:
    """Yield the tasks of one user: the seed and the number of the user decide everything."""
    random = Random(f"{seed}/{number}")  # noqa: S311 - to be repeated, not to be secret
    for _ in range(tasks):
        age = random.randrange(YEAR)
        completed = random.random() < 1 / 3
        changed = completed or random.random() < 1 / 3
        yield Task(
            id=UUID(int=random.getrandbits(128), version=4),
            user_id=f"{USER}{number}",
            title=random.choice(TITLES) + random.choice(DEADLINES),
            description=random.choice(NOTES) if random.random() < 1 / 3 else None,
            completed=completed,
            created_at=END - age * MICROSECOND,
            updated_at=END - (random.randint(0, age) if changed else age) * MICROSECOND,
        )


def first_number(*, append: bool) -> int:
    """Return a number whose ids collide with nothing; one statement, or CommandError."""
    if append:
        number = Cast(Substr("user_id", len(USER) + 1), IntegerField())
        seeded = Task.objects.filter(user_id__regex=SEEDED)
        return 1 + (seeded.aggregate(last=Max(number))["last"] or 0)
    if Task.objects.exists():
        raise CommandError(
            f"There are tasks in {described(connection)}. To add to them, add --append."
        )
    return 1


def store(rows: Iterator[Task], total: int, *, silent: bool | None) -> None:
    """Insert the tasks in batches, and show how far it is on stderr."""
    with tqdm(total=total, unit=" tasks", disable=silent) as bar:
        while batch := list(islice(rows, BATCH)):
            Task.objects.bulk_create(batch)
            bar.update(len(batch))
            reset_queries()  # with DEBUG, Django remembers each


class Command(BaseCommand):
    """One transaction: an interrupted run leaves the database as it was."""

    help = (
        "Fill the database with invented tasks of the users user-1, user-2 and so on. The same "
        "arguments make the same rows, on every database. All of them are stored, or none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be chosen."""
        add = parser.add_argument
        add("--users", type=int, default=20, help="how many users (%(default)s)")
        add("--tasks", type=int, default=50, help="how many tasks each of them has (%(default)s)")
        add("--seed", type=int, default=1, help="another number makes other tasks (%(default)s)")
        add("--append", action="store_true", help=APPEND)
        add("--yes", action="store_true", help="do it although DEBUG is false")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the tasks, one INSERT for each batch; raise CommandError where it must not."""
        users, tasks = options["users"], options["tasks"]
        for name in ("users", "tasks"):
            if options[name] < 1:
                raise CommandError(f"--{name} must be 1 or more, not {options[name]}.")
        if not (settings.DEBUG or options["yes"]):
            raise CommandError(
                f"DEBUG is false, and the database is {described(connection)}. "
                "To fill it with invented tasks, add --yes."
            )
        start = perf_counter()
        with transaction.atomic():
            first = first_number(append=options["append"])
            numbers = range(first, first + users)
            rows = chain.from_iterable(invent(options["seed"], each, tasks) for each in numbers)
            # Without a terminal, None is silent, too.
            store(rows, users * tasks, silent=None if options["verbosity"] else True)
        seconds = perf_counter() - start
        self.stdout.write(f"Created {users * tasks} tasks for {users} users in {seconds:.1f} s.")
