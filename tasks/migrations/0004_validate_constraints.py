from django.db import migrations

from todo_project.database.operations import ValidateConstraint


class Migration(migrations.Migration):
    dependencies = [("tasks", "0003_repair_rows")]

    operations = [
        ValidateConstraint(model_name="task", name="tasks_title_not_blank"),
        ValidateConstraint(model_name="task", name="tasks_created_at_range"),
        ValidateConstraint(model_name="task", name="tasks_updated_at_range"),
    ]
