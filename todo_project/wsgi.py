"""The WSGI application: `gunicorn todo_project.wsgi`."""

import os

import django
from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.urls import get_resolver

from todo_project.http.handler import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "todo_project.settings")
django.setup(set_prefix=False)
application = Handler()

# Import every view before gunicorn forks: an import error stops the start, and no worker spends
# its first request on it.
get_resolver().url_patterns  # noqa: B018

# What Django does by signals at the start and at the end of each request, the handler does, or is
# not needed: there is one database, no cache with connections, and one URLconf.
for signal, receiver in (
    (request_started, close_old_connections),
    (request_finished, close_old_connections),
    (request_finished, close_caches),
    (request_finished, reset_urlconf),
):
    signal.disconnect(receiver)
if not settings.DEBUG:  # which records queries
    request_started.disconnect(reset_queries)
