"""`/metrics`: the metrics of all workers, whichever of them responds."""

import os
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics import exposition as openmetrics
from rest_framework.request import Request

from todo_project.health import Probe
from todo_project.http.headers import CACHE_CONTROL
from todo_project.http.negotiation import compress, preference
from todo_project.metrics.requests import REGISTRY
from todo_project.problems.handlers import unknown_url


class MetricsView(Probe):
    """The metrics as text, or as OpenMetrics for a client that prefers it.

    Like the probes it is served for any host and over plain HTTP, because Prometheus requests it
    from each instance by IP address. It is not for the public: what the proxy forwards is a 404.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Process the request, unless it has come through the proxy."""
        if settings.BEHIND_PROXY and "HTTP_X_FORWARDED_PROTO" in request.META:
            return unknown_url(request)
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Return the metrics."""
        accept = request.META.get("HTTP_ACCEPT", "")
        if preference(accept, "application/openmetrics-text") > preference(accept, "text/plain"):
            content = openmetrics.generate_latest(collected())  # type: ignore[no-untyped-call]
            content_type = openmetrics.CONTENT_TYPE_LATEST
        else:
            content, content_type = generate_latest(collected()), CONTENT_TYPE_PLAIN_0_0_4
        headers = {"Cache-Control": CACHE_CONTROL, "Vary": "Accept"}
        response = HttpResponse(content, content_type=content_type, headers=headers)
        compress(request, response)
        return response


def collected() -> CollectorRegistry:
    """Return the metrics of all workers, or without gunicorn those of this process."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


urlpatterns = [path("", MetricsView.as_view())]
