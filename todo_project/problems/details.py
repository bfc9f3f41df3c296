"""Convert the details of DRF's exceptions: strings, lists and mappings, which may be nested."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from rest_framework.exceptions import ErrorDetail, ValidationError

from todo_project.problems.exceptions import InvalidHeaders, InvalidParameters, Problem
from todo_project.problems.registry import VALIDATION_ERROR

Path = tuple[str, ...]
"""The names that lead to an error: those of a header, a parameter, or nested fields."""


def detail_text(detail: Any) -> str:
    """Return the detail of an APIException as one text.

    If it is a mapping, such as that of djangorestframework-simplejwt, the text is its item
    `detail`; without one, all items.
    """
    if isinstance(detail, Mapping):
        if "detail" in detail:
            return detail_text(detail["detail"])
        return "; ".join(f"{name}: {detail_text(value)}" for name, value in detail.items())
    if isinstance(detail, list):
        return " ".join(map(detail_text, detail))
    return _encodable(detail)


def validation_problem(exc: ValidationError) -> Problem:
    """Return the problem with all errors; `errors` has those with a location."""
    found = list(_flatten(exc.detail))
    return Problem(
        VALIDATION_ERROR,
        "; ".join(f"{'.'.join(path)}: {error}" if path else error for path, _, error in found),
        errors=[
            {**_location(exc, path), "code": code, "detail": error}
            for path, code, error in found
            if path
        ],
    )


def _flatten(detail: Any, path: Path = ()) -> Iterator[tuple[Path, str, str]]:
    """Yield the path, the code and the text of each error."""
    if isinstance(detail, Mapping):
        for name, value in detail.items():
            yield from _flatten(value, (*path, _encodable(name)))
    elif isinstance(detail, list):
        for value in detail:
            yield from _flatten(value, path)
    else:
        error: ErrorDetail = detail
        yield path, str(error.code or ValidationError.default_code), _encodable(error)


def _location(exc: ValidationError, path: Path) -> dict[str, str]:
    if isinstance(exc, InvalidHeaders):
        return {"header": path[0]}
    if isinstance(exc, InvalidParameters):
        return {"parameter": path[0]}
    # A JSON Pointer as a URI fragment (RFC 6901 §6), which may contain these reserved characters
    # (RFC 3986 §3.5); a slash in a name is escaped.
    tokens = (name.replace("~", "~0").replace("/", "~1") for name in path)
    return {"pointer": "#/" + "/".join(quote(token, "~!$&'()*+,;=:@?") for token in tokens)}


def _encodable(text: Any) -> str:
    """Replace lone surrogates, which cannot be encoded in UTF-8."""
    return str(text).encode(errors="replace").decode()
