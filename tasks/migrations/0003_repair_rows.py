"""Repair the rows that were stored before the constraints of 0002, in one statement.

A title is trimmed, and "Untitled" if nothing is left. A time before the year 1 or after the year
9998 becomes the first or the last day between them, so the order of the list stays the same.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Greatest, Least, NullIf

from tasks.functions import MicrosecondLater, StatementTimestamp, Trim

WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
FIRST_DAY, LAST_DAY = datetime(1, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
END_TIME = LAST_DAY + timedelta(days=1)


def out_of_range(column: str) -> Q:
    return Q((f"{column}__lt", FIRST_DAY)) | Q((f"{column}__gte", END_TIME))


def limited(column: str) -> Least:
    return Least(Greatest(F(column), Value(FIRST_DAY)), Value(LAST_DAY))


def repair_rows(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    title = Trim("title", WHITE_SPACE)
    rows = apps.get_model("tasks", "Task").objects.using(schema_editor.connection.alias)
    rows.filter(~Q(title=title) | out_of_range("created_at") | out_of_range("updated_at")).update(
        title=Coalesce(NullIf(title, Value("")), Value("Untitled")),
        created_at=limited("created_at"),
        # The entity tag of a changed row must be a new one.
        updated_at=Greatest(StatementTimestamp(), MicrosecondLater(limited("updated_at"))),
    )


class Migration(migrations.Migration):
    dependencies = [("tasks", "0002_time_range_and_white_space")]

    operations = [migrations.RunPython(repair_rows, migrations.RunPython.noop)]
