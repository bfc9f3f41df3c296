import datetime

import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

import tasks.functions
from todo_project.database.operations import AddConstraintNotValid


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="task", name="tasks_title_not_blank"),
        AddConstraintNotValid(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.GreaterThan(
                    django.db.models.functions.text.Length(
                        tasks.functions.Trim(
                            "title",
                            "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
                            "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
                            "\u2028\u2029\u202f\u205f\u3000\ufeff",
                        )
                    ),
                    0,
                ),
                name="tasks_title_not_blank",
            ),
        ),
        *(
            AddConstraintNotValid(
                model_name="task",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        (f"{column}__gte", datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)),
                        (f"{column}__lt", datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)),
                    ),
                    name=f"tasks_{column}_range",
                ),
            )
            for column in ("created_at", "updated_at")
        ),
    ]
