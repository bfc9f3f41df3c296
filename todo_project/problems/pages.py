"""The pages about problem types: `/problems/` and `/problems/{slug}`, as HTML or JSON."""

import json
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from todo_project.http.resource import Page
from todo_project.problems.registry import EXAMPLES, ProblemType, plain, registered_types


class ProblemTypesView(Page):
    """`/problems/`: all problem types."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the registry."""
        types = registered_types().values()
        represent = _to_html if _is_html(request) else _to_dict
        return Response({"problems": list(map(represent, types))}, template_name="problems.html")


class ProblemTypeView(Page):
    """`/problems/{slug}`: the meaning of a problem type, its remedy and an example."""

    @extend_schema(exclude=True)
    def get(self, request: Request, slug: str) -> Response:
        """Return one entry of the registry."""
        problem_type = registered_types().get(slug)
        if problem_type is None:
            raise NotFound("There is no such problem type.")
        represent = _to_html if _is_html(request) else _to_dict
        return Response(represent(problem_type), template_name="problem.html")


def _is_html(request: Request) -> bool:
    return isinstance(request.accepted_renderer, TemplateHTMLRenderer)


def _to_dict(problem_type: ProblemType) -> dict[str, Any]:
    return {
        "type": problem_type.uri,
        "title": problem_type.title,
        "status": problem_type.status,
        "meaning": plain(problem_type.meaning),
        "remedy": plain(problem_type.remedy),
        "example": {
            "request": str(EXAMPLES[problem_type.slug].request),
            "response": problem_type.example,
        },
    }


def _to_html(problem_type: ProblemType) -> dict[str, Any]:
    """Return the context of a page. In a split text, every second part is code."""
    return {
        **_to_dict(problem_type),
        "meaning": problem_type.meaning.split("`"),
        "remedy": problem_type.remedy.split("`"),
        "reason": HTTPStatus(problem_type.status).phrase,
        "response": json.dumps(problem_type.example, indent=2),
    }
