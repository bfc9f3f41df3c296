#!/usr/bin/env python
"""Run an administrative command: `python manage.py help` lists them."""

import os
import sys

try:
    from django.core.management import CommandError, execute_from_command_line
except ModuleNotFoundError:
    sys.exit(
        f"Django is not installed for {sys.executable}. In a checkout, run: .venv/bin/python "
        'manage.py (see "Set up" in CONTRIBUTING.md).'
    )

from todo_project.management.unavailability import unavailability_as_command_error

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "todo_project.settings")
    try:
        with unavailability_as_command_error():
            execute_from_command_line(sys.argv)
    except CommandError as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"CommandError: {error}")
