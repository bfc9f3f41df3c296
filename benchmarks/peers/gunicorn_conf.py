"""The configuration of gunicorn for stock DRF and django-ninja."""

import os

bind = f"127.0.0.1:{os.environ['PORT']}"
# Threads, since a request mostly waits for the database: gunicorn's design documentation. They
# also limit the connections, of which Django keeps one for each thread.
workers = int(os.environ["WEB_CONCURRENCY"])
threads = int(os.environ["GUNICORN_THREADS"])
# The workers share the memory of the code: the documentation of the setting.
preload_app = True
# The documentation recommends more than the default of 2 s behind a proxy.
keepalive = 75
# One line a request, on stdout.
accesslog = "-"
