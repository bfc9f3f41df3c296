"""Start the service with OpenTelemetry: `python -m todo_project.tracing`.

The instrumentations record data of users: the path and the query, the client, and the messages of
exceptions, in which PostgreSQL quotes rows. No environment variable prevents that, so this module
does not export them. It is the only one that uses OpenTelemetry, which is not a requirement: see
"Tracing" in docs/operations.md.
"""

import os
import runpy
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from todo_project import settings
from todo_project.http.headers import GetResponse

EXPORTED_ATTRIBUTES = {
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "url.scheme",
    "db.system.name",
    "db.namespace",
    "db.query.text",  # without parameters
    "error.type",
    "exception.type",
}
"""The attributes whose values no client can choose (https://opentelemetry.io/docs/specs/semconv/)."""


class FilteringSpanProcessor(BatchSpanProcessor):
    """Exports spans in batches, without data of users, from a thread of each worker."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a copy of the span, without other attributes and the message of its status."""
        super().on_end(
            ReadableSpan(
                span.name,
                context=span.context,
                parent=span.parent,
                resource=span.resource,
                attributes=_exported(span.attributes),
                events=[
                    Event(event.name, _exported(event.attributes), event.timestamp)
                    for event in span.events
                ],
                kind=span.kind,
                status=trace.Status(span.status.status_code),
                start_time=span.start_time,
                end_time=span.end_time,
                instrumentation_scope=span.instrumentation_scope,
            )
        )


def _exported(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: value for name, value in (attributes or {}).items() if name in EXPORTED_ATTRIBUTES
    }


def any_host_middleware(get_response: GetResponse) -> GetResponse:
    """Let the instrumentation build the URL of a probe, whose host may be any.

    It would reject the probe otherwise
    (https://github.com/open-telemetry/opentelemetry-python-contrib/issues/1781).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in settings.PROBES:
            vars(request)["get_host"] = lambda: "unknown"
        return get_response(request)

    return middleware


def start() -> None:
    """Instrument Django and psycopg, and start gunicorn."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "todo_project.settings")
    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http,database"  # the names above
    provider = TracerProvider()
    provider.add_span_processor(FilteringSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    PsycopgInstrumentor().instrument()
    # Within the access log, and after unknown hosts have been rejected.
    position = settings.MIDDLEWARE.index("todo_project.middleware.problems.ProblemMiddleware") + 1
    settings.MIDDLEWARE.insert(position, "todo_project.tracing.any_host_middleware")
    DjangoInstrumentor().instrument(middleware_position=position + 1)
    runpy.run_module("todo_project", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    start()
