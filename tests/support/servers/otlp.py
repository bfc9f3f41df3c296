"""A receiver of OTLP over HTTP, as a collector is, which keeps the spans it receives.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class ReceivedSpan:
    """A span, and the process that has sent it. Of its events there are only the attributes."""

    pid: int
    trace_id: str
    span_id: str
    parent_id: str
    kind: str
    name: str
    attributes: dict[str, Any]
    events: list[dict[str, Any]]


class Receiver(ThreadingHTTPServer):
    """Responds with 200 to each request, and keeps its body in `bodies`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.bodies: list[bytes] = []
        self.endpoint = f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[ReceivedSpan]:
        """Return the spans received so far."""
        exports = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            _received(span, _values(group.resource.attributes))
            for export in exports
            for group in export.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]


def _received(span: Any, resource: dict[str, Any]) -> ReceivedSpan:
    return ReceivedSpan(
        pid=resource["process.pid"],
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        kind=span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        name=span.name,
        attributes=_values(span.attributes),
        events=[_values(event.attributes) for event in span.events],
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


class _Request(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces"
        self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def otlp_receiver() -> Iterator[Receiver]:
    """Run a receiver."""
    with Receiver() as running:
        thread = Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()
