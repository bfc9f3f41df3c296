"""Commands of manage.py, run in the process of the tests."""

from io import StringIO

from django.core.management import call_command


def run_command(*arguments: str) -> str:
    """Run a command; return what it prints to standard output."""
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def seed_tasks(*options: str) -> str:
    """Run `seed_tasks`; return what it prints to standard output."""
    return run_command("seed_tasks", *options)
