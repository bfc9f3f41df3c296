"""Tests of the commands of manage.py: seed_tasks, export_tasks, import_tasks, migrate."""
