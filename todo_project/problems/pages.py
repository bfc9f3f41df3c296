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
from todo_project.problems.registry import EXAMPLES, ProblemType, registered_types


class ProblemTypesView(Page):
    """`/problems/`: all problem types."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the registry."""
        types = registered_types().values()
        return Response(
            {"problems": [_to_dict(each) for each in types]}, template_name="problems.html"
        )


class ProblemTypeView(Page):
    """`/problems/{slug}`: the meaning of a problem type, its remedy and an example."""

    @extend_schema(exclude=True)
    def get(self, request: Request, slug: str) -> Response:
        """Return one entry of the registry."""
        problem_type = registered_types().get(slug)
        if problem_type is None:
            raise NotFound("There is no such problem type.")
        data = _to_dict(problem_type)
        if isinstance(request.accepted_renderer, TemplateHTMLRenderer):
            data["reason"] = HTTPStatus(problem_type.status).phrase
            data["response"] = json.dumps(problem_type.example, indent=2)
        return Response(data, template_name="problem.html")


def _to_dict(problem_type: ProblemType) -> dict[str, Any]:
    return {
        "type": problem_type.uri,
        "title": problem_type.title,
        "status": problem_type.status,
        "meaning": problem_type.meaning,
        "remedy": problem_type.remedy,
        "example": {
            "request": str(EXAMPLES[problem_type.slug].request),
            "response": problem_type.example,
        },
    }
