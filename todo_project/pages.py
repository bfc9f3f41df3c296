"""Pages for people: Swagger UI, and what each type of problem means."""

import json
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from todo_project.options import Resource
from todo_project.problems import REGISTRY, ProblemType
from todo_project.rendering import JSONRenderer


class Page(Resource):
    """A page for anybody, as HTML, and as JSON where the client prefers that."""

    authentication_classes = permission_classes = ()
    renderer_classes = [TemplateHTMLRenderer, JSONRenderer]


class DocumentationView(Page):
    """`/docs`: Swagger UI, from files of this service alone."""

    renderer_classes = [TemplateHTMLRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer the page; its script fetches the document."""
        return Response(template_name="docs.html")


class ProblemTypesView(Page):
    """`/problems/`: every type of problem."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer the registry."""
        return Response(
            {"problems": [_described(each) for each in REGISTRY.values()]},
            template_name="problems.html",
        )


class ProblemTypeView(Page):
    """`/problems/{slug}`: what one type means, and how to fix it."""

    @extend_schema(exclude=True)
    def get(self, request: Request, slug: str) -> Response:
        """Answer one entry of the registry."""
        if slug not in REGISTRY:
            raise NotFound("There is no such type of problem.")
        problem_type = REGISTRY[slug]
        described = _described(problem_type)
        if isinstance(request.accepted_renderer, TemplateHTMLRenderer):
            described["reason"] = HTTPStatus(problem_type.status).phrase
            described["response"] = json.dumps(problem_type.example, indent=2)
        return Response(described, template_name="problem.html")


def _described(problem_type: ProblemType) -> dict[str, Any]:
    return {
        "type": problem_type.uri,
        "title": problem_type.title,
        "status": problem_type.status,
        "meaning": problem_type.meaning,
        "remedy": problem_type.remedy,
        "example": {"request": str(problem_type.request), "response": problem_type.example},
    }
