"""The WSGI application: `gunicorn todo_project.wsgi`."""

import os

import django
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.urls import get_resolver

from todo_project.http.handler import NormalizingHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "todo_project.settings")
django.setup(set_prefix=False)
application = NormalizingHandler()

# Import every view before gunicorn forks: an import error stops the start, and no worker spends
# its first request on it.
get_resolver().url_patterns  # noqa: B018

# Only DEBUG records queries that could be reset, and `request_started` closes old connections
# already, so a second check after the request would do nothing.
if not settings.DEBUG:
    request_started.disconnect(reset_queries)
request_finished.disconnect(close_old_connections)
