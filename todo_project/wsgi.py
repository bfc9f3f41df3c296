"""The WSGI application, and what must be put right before Django reads a request."""

import os
from io import BytesIO
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


FIRST_NON_ASCII = 0x80


class RequestMendingHandler(WSGIHandler):
    """Django's handler, for requests that it would misread or fail on."""

    def __call__(
        self, environ: dict[str, Any], start_response: "StartResponse"
    ) -> HttpResponseBase:
        """Answer one request."""
        _mend_host(environ)
        _mend_path(environ)
        _mend_content_type(environ)
        _mend_chunked_body(environ)
        return super().__call__(environ, start_response)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Leave out the body that HEAD does not ask for, and keep its length in the headers."""
        response = super().get_response(request)
        if request.method == "HEAD" and isinstance(response, HttpResponse):
            response.content = b""
        return response


def _mend_host(environ: dict[str, Any]) -> None:
    """Refuse HTTP/1.1 without Host (RFC 9112 §3.2): no name is none of ours."""
    if environ["SERVER_PROTOCOL"] == "HTTP/1.1":
        environ.setdefault("HTTP_HOST", "")


def _mend_path(environ: dict[str, Any]) -> None:
    """Make an unknown URL of what is no path, and NUL of what is no text.

    Django would answer `*` (RFC 9110 §9.3.7) in HTML, and take the byte FF for `%FF`.
    """
    path: bytes = environ["PATH_INFO"].encode("latin-1")
    try:
        path.decode()
    except UnicodeDecodeError:
        path = bytes(byte if byte < FIRST_NON_ASCII else 0 for byte in path)
    environ["PATH_INFO"] = f"/{path.decode('latin-1').removeprefix('/')}"


def _mend_content_type(environ: dict[str, Any]) -> None:
    """Drop what Django raises ValueError on: an unknown charset in an RFC 2231 parameter."""
    try:
        parse_header_parameters(environ.get("CONTENT_TYPE", ""))
    except ValueError:
        environ["CONTENT_TYPE"] = ""


def _mend_chunked_body(environ: dict[str, Any]) -> None:
    """Measure a chunked body: without a length Django takes it for empty."""
    if environ.get("HTTP_TRANSFER_ENCODING") and environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "todo_project.settings")
django.setup(set_prefix=False)
application = RequestMendingHandler()

# What Django does around each request, and need not here: it forgets the queries that only
# DEBUG remembers, and looks once more after the connections that it will look after again
# before the next request.
if not settings.DEBUG:
    request_started.disconnect(reset_queries)
request_finished.disconnect(close_old_connections)
