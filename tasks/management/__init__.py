"""The commands of manage.py about tasks."""
