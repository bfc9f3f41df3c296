"""The WSGI handler, which normalizes what Django would misread."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from django.core.handlers.wsgi import WSGIHandler
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class Handler(WSGIHandler):
    """Django's WSGI handler, preceded by the normalization of the request."""

    def __call__(
        self, environ: dict[str, Any], start_response: "StartResponse"
    ) -> HttpResponseBase:
        """Process one request."""
        _normalize_host(environ)
        _normalize_path(environ)
        _normalize_content_type(environ)
        return self.respond(environ, start_response)

    def respond(
        self, environ: dict[str, Any], start_response: "StartResponse"
    ) -> HttpResponseBase:
        """Process a request whose environment is normalized."""
        return super().__call__(environ, start_response)


def _normalize_host(environ: dict[str, Any]) -> None:
    """Take the host of an absolute target; reject HTTP/1.1 without Host (RFC 9112 §3.2).

    An empty host is not valid.
    """
    scheme, separator, target = environ.get("RAW_URI", "").partition("://")
    if separator and scheme.lower() in {"http", "https"}:
        environ["HTTP_HOST"] = re.split("[/?]", target, maxsplit=1)[0]
    elif environ["SERVER_PROTOCOL"] == "HTTP/1.1":
        environ.setdefault("HTTP_HOST", "")


def _normalize_path(environ: dict[str, Any]) -> None:
    """Make every path start with a slash; replace what no path may contain by NUL.

    That is an encoded slash, which is not a separator (RFC 3986 §2.2), and bytes that are not
    UTF-8. Otherwise Django would answer `OPTIONS *` (RFC 9110 §9.3.7) in HTML, and read the byte
    FF as `%FF`.
    """
    target = environ.get("RAW_URI", "")  # gunicorn's; runserver has only the decoded path
    if "%2F" in target or "%2f" in target:
        target = re.sub("%2[Ff]", "%00", re.split("[?#]", target, maxsplit=1)[0])
        decoded = unquote_to_bytes(target).decode("latin-1")
        # Without what precedes it in the target: the host, and SCRIPT_NAME.
        environ["PATH_INFO"] = decoded[len(decoded) - len(environ["PATH_INFO"]) :]
    if environ["PATH_INFO"].isascii() and environ["PATH_INFO"].startswith("/"):
        return
    path: bytes = environ["PATH_INFO"].encode("latin-1")
    try:
        path.decode()
    except UnicodeDecodeError:
        path = re.sub(rb"[\x80-\xff]", b"\0", path)
    environ["PATH_INFO"] = f"/{path.decode('latin-1').removeprefix('/')}"


def _normalize_content_type(environ: dict[str, Any]) -> None:
    """Remove a charset other than UTF-8, and a Content-Type that cannot be parsed.

    Django would decode the query with the charset, and fail on one that is not for text, or on
    an unknown RFC 2231 charset.
    """
    content_type = environ.get("CONTENT_TYPE", "")
    if ";" not in content_type:
        return
    try:
        media_type, parameters = parse_header_parameters(content_type)
    except ValueError:
        environ["CONTENT_TYPE"] = ""
    else:
        if parameters.get("charset", "utf-8").lower() != "utf-8":
            environ["CONTENT_TYPE"] = media_type
