"""The settings of django-bolt: those of the other Django peers, and its deployment checklist."""

from benchmarks.peers.settings import *
from benchmarks.peers.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS += ["django_bolt"]
BOLT_API = ["benchmarks.peers.bolt:api"]

# The deployment checklist recommends a connection pool for PostgreSQL, and runbolt warns that
# health checks would add a round trip to it.
DATABASES["default"] |= {
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": False,
    "OPTIONS": {"pool": {"min_size": 4, "max_size": 4}},
}

# "Define LOGGING in your settings": its middleware logs to `django.server`, on stdout here.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
    "loggers": {
        "django.server": {"handlers": ["stdout"], "level": "INFO", "propagate": False},
    },
}
