"""Tasks as CSV for a spreadsheet, which must compute nothing of the text of a user."""

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from io import StringIO

from tasks.admin.forms import describe_value
from tasks.models import FIELDS, TaskQuerySet
from todo_project.database.compiled_query import CompiledQuery

FORMULA = re.compile(
    r"""(?:^|(?<![;\s"'])(?:[^\S\t\r\n]|["'])*+[;\t\r\n])[;\s"']*+(?=[=+@\uff1d\uff0b\uff20\uff0d-])"""
)
"""What stands before a formula: https://owasp.org/www-community/attacks/CSV_Injection.

In some countries a spreadsheet divides lines at semicolons, also those within a text. The
possessive quantifiers keep the time linear in the length of the text.
"""


def csv_lines(tasks: TaskQuerySet) -> Iterator[str]:
    """Yield the tasks as CSV, without their descriptions. One statement, received in chunks."""
    columns = [field for field in FIELDS if field.name != "description"]
    names = [field.name for field in columns]
    query = CompiledQuery(tasks.values_list(*names).query, columns)
    yield "\ufeff"  # so that a spreadsheet reads UTF-8
    yield _format([names])
    with closing(query.chunks({}, 1000)) as chunks:
        for rows in chunks:
            yield _format(map(_cell, row.values()) for row in rows)


def _format(rows: Iterable[Iterable[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: object) -> str:
    """Return the value as text; an apostrophe stands before what may be a formula."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return FORMULA.sub(r"\g<0>'", "" if value is None else str(describe_value(value)))
