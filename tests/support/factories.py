"""Factories that create rows in the database without using the API."""

from factory.declarations import Sequence
from factory.django import DjangoModelFactory

from tasks.models import Task


class TaskFactory(DjangoModelFactory[Task]):
    """An open task of `alice`."""

    class Meta:
        model = Task

    user_id = "alice"
    title = Sequence(lambda number: f"Task {number}")  # type: ignore[no-untyped-call]
