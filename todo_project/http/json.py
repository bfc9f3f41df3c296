"""JSON request bodies and JSON responses."""

import json
import re
from codecs import BOM_UTF8
from contextlib import suppress
from typing import Any

import orjson
from django.http import HttpResponse, UnreadablePostError
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"


def dumps(data: object) -> bytes:
    """Serialize to JSON: UUIDs as strings, times as RFC 3339 in UTC with `Z`.

    A time without time zone is in UTC.
    """
    return orjson.dumps(data, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


class UnsupportedContentCoding(UnsupportedMediaType):
    """The body has a content coding, such as gzip."""


def read_body(request: Request) -> bytes:
    """Return the body; raise UnreadablePostError if it is shorter than its Content-Length."""
    body: bytes = request.body
    length = request.META.get("CONTENT_LENGTH", "")
    if length.isdecimal() and len(body) < int(length):
        raise UnreadablePostError("The body is shorter than its Content-Length (RFC 9112 §8).")
    return body


def read_object(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """Parse the body as one JSON object in UTF-8; if it is optional, it may be empty or null.

    Raises RequestDataTooBig, UnreadablePostError, UnsupportedMediaType, or ParseError if the
    body is empty, not JSON, nested more than 1024 levels deep, or not an object.
    """
    headers = request.META
    body = read_body(request)
    if body and headers.get("CONTENT_TYPE", "") != JSON:
        media_type, _ = parse_header_parameters(headers.get("CONTENT_TYPE", ""))
        if media_type != JSON:
            raise UnsupportedMediaType(media_type, f"Send the body as Content-Type: {JSON}.")
    # `identity` is no coding, although a client should not send it (RFC 9110 §8.4).
    if body and headers.get("HTTP_CONTENT_ENCODING", "").lower() not in {"", "identity"}:
        raise UnsupportedContentCoding(JSON, "Send the body without Content-Encoding.")
    # A parser may ignore a byte order mark (RFC 8259 §8.1), which editors of Windows write.
    parsed = _parse(body.removeprefix(BOM_UTF8)) if body or not optional else None
    if isinstance(parsed, dict):
        return parsed
    if parsed is None and optional:
        return {}
    raise ParseError("The body must be a JSON object.")


def _parse(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        try:
            body.decode()
        except UnicodeDecodeError as invalid:
            detail = f"The body is not UTF-8: {invalid.reason} at position {invalid.start}."
            raise ParseError(detail) from error
        if "surrogate" in error.msg:
            # An escaped lone surrogate is valid JSON (RFC 8259 §8.2) but not valid text: the
            # serializers report the field. What else is invalid is found without the surrogates:
            # `\\u00` in place of the start of one escapes a single character.
            with suppress(ValueError, RecursionError):
                orjson.loads(re.sub(rb"\\u[dD][89a-fA-F]", rb"\\u00", body))
                return json.loads(body)
        raise ParseError(f"The body is not JSON: {error}.") from error


class JSONResponse(HttpResponse):
    """A response with JSON."""

    def __init__(self, data: object) -> None:
        super().__init__(dumps(data), content_type=JSON)


class JSONRenderer(BaseRenderer):
    """DRF's renderer for everything that is not built as a `JSONResponse`."""

    media_type = JSON
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Serialize the data of a response; `None` is an empty body."""
        return b"" if data is None else dumps(data)
