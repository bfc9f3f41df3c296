"""The Django admin for tasks: the list, the form and the actions."""

from tasks.admin.task_admin import TaskAdmin

__all__ = ["TaskAdmin"]
