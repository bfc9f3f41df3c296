"""The details of DRF's exceptions, as the text of a problem and as `errors` of a validation.

They are strings, lists and mappings, which may be nested.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from rest_framework.exceptions import ErrorDetail, ValidationError

from todo_project.http.json import dumps
from todo_project.problems.exceptions import (
    MAX_ERRORS,
    InvalidHeaders,
    InvalidParameters,
    Problem,
)
from todo_project.problems.registry import VALIDATION_ERROR

MAX_LENGTH = 500
"""Characters of a name or of a text; what is longer is cut off."""

MAX_SIZE = 30 * 1024
"""Bytes of JSON for all errors of a problem, which is then at most 32 KiB."""

Path = tuple[str, ...]
"""The names that lead to an error: those of a header, a parameter, or nested fields."""


def detail_text(detail: Any) -> str:
    """Return the detail of an APIException as one text, at most 10 times `MAX_LENGTH`.

    If it is a mapping, such as that of djangorestframework-simplejwt, the text is its item
    `detail`; without one, all items.
    """
    if isinstance(detail, Mapping):
        if "detail" in detail:
            return detail_text(detail["detail"])
        text = "; ".join(f"{name}: {detail_text(value)}" for name, value in detail.items())
    elif isinstance(detail, list):
        text = " ".join(map(detail_text, detail))
    else:
        text = _shown(detail)
    return text[: 10 * MAX_LENGTH]


def validation_problem(exc: ValidationError) -> Problem:
    """Return the problem with all errors, within limits; `errors` has those with a location."""
    texts: list[str] = []
    errors: list[dict[str, str]] = []
    size = 0
    for path, code, error in _flatten(exc.detail):
        text = f"{'.'.join(path)}: {error}" if path else error
        entries = [{**_location(exc, path), "code": code, "detail": error}] if path else []
        size += len(dumps([text, *entries]))
        if len(texts) == MAX_ERRORS or size > MAX_SIZE:
            texts.append("there are more errors.")
            break
        texts.append(text)
        errors += entries
    return Problem(VALIDATION_ERROR, "; ".join(texts), errors=errors)


def _flatten(detail: Any, path: Path = ()) -> Iterator[tuple[Path, str, str]]:
    """Yield the path, the code and the text of each error."""
    if isinstance(detail, Mapping):
        for name, value in detail.items():
            yield from _flatten(value, (*path, _shown(name)))
    elif isinstance(detail, list):
        for value in detail:
            yield from _flatten(value, path)
    else:
        error: ErrorDetail = detail
        yield path, str(error.code or ValidationError.default_code), _shown(error)


def _location(exc: ValidationError, path: Path) -> dict[str, str]:
    if isinstance(exc, InvalidHeaders):
        return {"header": path[0]}
    if isinstance(exc, InvalidParameters):
        return {"parameter": path[0]}
    # A JSON Pointer as a URI fragment (RFC 6901 §6), which may contain these reserved characters
    # (RFC 3986 §3.5); a slash in a name is escaped.
    tokens = (name.replace("~", "~0").replace("/", "~1") for name in path)
    return {"pointer": "#/" + "/".join(quote(token, "~!$&'()*+,;=:@?") for token in tokens)}


def _shown(value: Any) -> str:
    """Return a value as text: not too long, and without lone surrogates, which have no UTF-8."""
    text = str(value)
    text = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
    return text.encode(errors="replace").decode()
