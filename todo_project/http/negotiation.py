"""Content negotiation: Accept and Accept-Encoding (RFC 9110 §12.5), and gzip."""

import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.http.request import MediaType
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from todo_project.http.json import JSON, PROBLEM_JSON

MAX_RANGES = 64
"""The number of items of a header that are considered; browsers send less than ten."""


class QualityNegotiation(DefaultContentNegotiation):
    """Choose the representation the client prefers; DRF's own class ignores qualities."""

    def select_renderer(  # type: ignore[override]
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the preferred renderer; raise NotAcceptable if the client accepts none."""
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        if accept == "*/*":
            return renderers[0], renderers[0].media_type
        best = max(renderers, key=lambda renderer: preference(accept, renderer.media_type))
        quality, _ = preference(accept, best.media_type)
        if not quality:
            names = " or ".join(renderer.media_type for renderer in renderers)
            raise NotAcceptable(f"This URL serves {names} only.")
        return best, best.media_type


class SingleRepresentation(DefaultContentNegotiation):
    """Serve the first renderer, whatever the client accepts."""

    def select_renderer(  # type: ignore[override]
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        return renderers[0], renderers[0].media_type


def preference(accept: str, media_type: str) -> tuple[float, int]:
    """Return the quality of a media type, from 0 to 1, and the specificity of the range.

    The most specific range of `Accept` decides (RFC 9110 §12.5.1). Who accepts only problems in
    JSON accepts JSON: many generated clients ask for the media types that an operation documents,
    and a 204 has none.
    """
    qualities = _qualities(accept if accept.strip() else "*/*")
    ranges = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
    matches = [
        (qualities[name], specificity)
        for specificity, name in enumerate(ranges)
        if name in qualities
    ]
    best = matches[-1] if matches else (0, 0)
    if media_type == JSON and JSON not in qualities:
        best = max(best, (qualities.get(PROBLEM_JSON, 0), 2))
    return best


@lru_cache
def _qualities(header: str) -> dict[str, float]:
    """Parse a list of names with optional qualities; skip malformed items."""
    qualities: dict[str, float] = {}
    for token in header.split(",", MAX_RANGES)[:MAX_RANGES]:
        with suppress(ValueError):
            name, _ = parse_header_parameters(token)
            qualities[name] = MediaType(token).quality
    return qualities


def compress(request: HttpRequest | Request, response: HttpResponse, level: int = 1) -> None:
    """Compress the body with gzip if the client accepts that (RFC 9110 §12.5.3), part by part.

    The entity tag becomes a weak one: it is that of the body before. Level 1 is most of the
    compression for the least CPU time.
    """
    patch_vary_headers(response, ["Accept-Encoding"])
    qualities = _qualities(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    if not qualities.get("gzip", qualities.get("*", 0)):
        return
    parts = [*response]
    if any(parts):
        compressor = zlib.compressobj(level, wbits=16 + zlib.MAX_WBITS)  # 16 more bits mean gzip
        response.content = b""
        response.writelines(filter(None, map(compressor.compress, parts)))
        response.write(compressor.flush())
        response["Content-Encoding"] = "gzip"
    if "ETag" in response:
        response["ETag"] = f"W/{response['ETag']}"
