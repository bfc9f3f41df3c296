"""JSON in and out, and nothing but JSON."""

import gzip
import json
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NoReturn

import orjson
from django.http import HttpResponse, UnreadablePostError
from django.http.request import MediaType
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import NotAcceptable, ParseError, UnsupportedMediaType
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
GZIP_LEVEL = 1  # most of the gain for the least of the time


def dump(data: object) -> bytes:
    """Serialise to JSON: UUIDs as text, times as RFC 3339 in UTC with `Z`."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z)


def body_of(request: Request) -> bytes:
    """Return the body; raise UnreadablePostError where it broke off before its end."""
    body: bytes = request.body
    announced = request.META.get("CONTENT_LENGTH", "")
    if announced.isdecimal() and len(body) < int(announced):
        raise UnreadablePostError("It is shorter than its Content-Length (RFC 9112 §8).")
    return body


def load_object(request: Request) -> dict[str, Any]:
    """Parse the body, one JSON object in UTF-8.

    Raises RequestDataTooBig, UnreadablePostError, UnsupportedMediaType, or ParseError where the
    body is empty, not JSON, nested more than 1024 deep, or not an object.
    """
    media_type, _ = parse_header_parameters(request.META.get("CONTENT_TYPE", ""))
    body = body_of(request)
    if body and media_type != JSON:
        raise UnsupportedMediaType(media_type, f"Send the body as Content-Type: {JSON}.")
    parsed = _load(body)
    if not isinstance(parsed, dict):
        raise ParseError("The body must be a JSON object.")
    return parsed


def _load(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "surrogate" in error.msg:
            # An escaped lone surrogate is JSON (RFC 8259 §8.2), though no text: the
            # serializers name the member. Bytes that are not UTF-8 end up here, too.
            with suppress(ValueError, RecursionError):
                return json.loads(body.decode(), parse_constant=_refuse_constant)
        raise ParseError(f"The body is not JSON: {error}.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


@lru_cache
def preference(accept: str, media_type: str) -> tuple[float, int]:
    """Return how much a client likes a media type, from 0 to 1, and how precisely it says so.

    The most specific range of `Accept` decides (RFC 9110 §12.5.1).
    """
    ranges = _qualities(accept if accept.strip() else "*/*")
    candidates = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
    said = [(ranges[name], place) for place, name in enumerate(candidates) if name in ranges]
    return said[-1] if said else (0, 0)


@lru_cache
def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether `Accept-Encoding` admits gzip (RFC 9110 §12.5.3)."""
    codings = _qualities(accept_encoding)
    return codings.get("gzip", codings.get("*", 0)) > 0


def _qualities(accepted: str) -> dict[str, float]:
    """Parse a list of names with optional qualities; drop what is malformed."""
    qualities: dict[str, float] = {}
    for token in accepted.split(","):
        with suppress(ValueError):
            name, _ = parse_header_parameters(token)
            qualities[name] = MediaType(token).quality
    return qualities


def compress(response: HttpResponse) -> None:
    """Compress the body of a response; its strong validator becomes a weak one."""
    if response.content:
        response.content = gzip.compress(response.content, GZIP_LEVEL, mtime=0)
        response["Content-Encoding"] = "gzip"
    response["ETag"] = f"W/{response['ETag']}"


class JSONResponse(HttpResponse):
    """Data as JSON."""

    def __init__(self, data: object) -> None:
        super().__init__(dump(data), content_type=JSON)


class JSONRenderer(BaseRenderer):
    """The answers that DRF itself renders: those without rows."""

    media_type = JSON
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Serialise the data of a response; `None` is an empty body."""
        return b"" if data is None else dump(data)


class QualityNegotiation(DefaultContentNegotiation):
    """The representation that the client likes best; DRF's own does not read qualities."""

    def select_renderer(  # type: ignore[override]
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer; raise NotAcceptable where the client refuses each."""
        accept = request.META.get("HTTP_ACCEPT", "")
        best = max(renderers, key=lambda renderer: preference(accept, renderer.media_type))
        liking, _ = preference(accept, best.media_type)
        if not liking:
            names = " or ".join(renderer.media_type for renderer in renderers)
            raise NotAcceptable(f"Every answer here is {names}; accept it.")
        return best, best.media_type
