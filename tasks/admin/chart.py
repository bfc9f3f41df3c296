"""The chart above the list of one user's tasks: how many were created per week.

The SVG is drawn in units of one week and one task, and the page stretches it to the width of the
list. So this module only counts.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django.template.defaultfilters import pluralize

from tasks.models import Task

MAX_COUNTED = 10_000
"""The maximum number of tasks in the chart: the newest ones of the user."""

MAX_WEEKS = 52
"""The maximum number of weeks in the chart, which ends with the week of the newest task."""


class Week(NamedTuple):
    """The number of tasks created in a week, from Monday to Sunday in UTC."""

    number: int  # in the chart, from 0
    monday: date
    completed: int
    open: int

    @property
    def total(self) -> int:
        """The number of all tasks created in the week."""
        return self.completed + self.open


class Chart(NamedTuple):
    """The tasks of one user in the weeks of the chart, oldest first and without gaps."""

    weeks: list[Week]
    counted: int  # tasks, also of the weeks before

    @property
    def bars(self) -> list[tuple[Week, int, int]]:
        """Each week that has tasks, the top of its completed tasks, and the top of all."""
        return [
            (week, self.peak - week.completed, self.peak - week.total)
            for week in self.weeks
            if week.total
        ]

    @property
    def peak(self) -> int:
        """The number of tasks in the week that has most."""
        return max(week.total for week in self.weeks)

    @property
    def completed(self) -> int:
        """The number of completed tasks."""
        return sum(week.completed for week in self.weeks)

    @property
    def open(self) -> int:
        """The number of open tasks."""
        return sum(week.open for week in self.weeks)

    @property
    def legend(self) -> dict[str, str]:
        """The numbers of the legend, with separators."""
        numbers = {"completed": self.completed, "open": self.open, "peak": self.peak}
        return {name: f"{number:,}" for name, number in numbers.items()}

    @property
    def remarks(self) -> list[str]:
        """What the weeks of the chart leave out."""
        earlier = self.counted - self.completed - self.open
        were = f"task{pluralize(earlier)} {pluralize(earlier, 'was,were')}"
        before = [f"{earlier:,} {were} created before these weeks."] if earlier else []
        limited = [f"Only the newest {MAX_COUNTED:,} tasks are counted."]
        return before + limited * (self.counted == MAX_COUNTED)


def weekly_chart(user_id: str) -> Chart | None:
    """Return the chart of the user's newest tasks, or None if there are none. One statement.

    The statement reads up to MAX_COUNTED entries of the index of the list.
    """
    newest = Task.objects.filter(user_id=user_id).order_by("user_id", "-created_at", "-id")
    rows = newest.values_list("created_at", "completed")[:MAX_COUNTED]
    return count_by_week(rows) if rows else None


def count_by_week(rows: Iterable[tuple[datetime, bool]]) -> Chart:
    """Count tasks, given by when they were created and whether they are completed. Not empty."""
    counts = Counter((_week(created_at), completed) for created_at, completed in rows)
    last = max(week for week, _ in counts)
    first = max(last - MAX_WEEKS + 1, 0)
    weeks = [
        Week(week - first, _monday(week), counts[week, True], counts[week, False])
        for week in range(first, last + 1)
    ]
    return Chart(weeks, counts.total())


def _week(time: datetime) -> int:
    """Return the number of the week: 0 from 0001-01-01 on, which was a Monday."""
    return (time.toordinal() - 1) // 7


def _monday(week: int) -> date:
    return date.fromordinal(7 * week + 1)
