"""The commands of manage.py that know nothing of tasks."""
