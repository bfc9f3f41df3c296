"""Tasks for tests, written straight to the database."""

from factory.declarations import Sequence
from factory.django import DjangoModelFactory

from tasks.models import Task


class TaskFactory(DjangoModelFactory[Task]):
    """An open task of the owner."""

    class Meta:
        model = Task

    user_id = "alice"
    title = Sequence(lambda number: f"Task {number}")  # type: ignore[no-untyped-call]
