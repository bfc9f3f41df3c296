"""The WSGI application: `gunicorn todo_project.wsgi`."""

import os

import django
from django.conf import settings
from django.urls import get_resolver
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "todo_project.settings")
django.setup(set_prefix=False)
application = import_string(settings.WSGI_HANDLER)()

# Import every view before gunicorn forks: an import error stops the start, and no worker spends
# its first request on it.
get_resolver().url_patterns  # noqa: B018
