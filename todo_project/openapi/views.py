"""The page `/docs`: Swagger UI, with no file from another origin."""

from drf_spectacular.utils import extend_schema
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from todo_project.http.resource import Page


class SwaggerUIView(Page):
    """Swagger UI; its script fetches the document."""

    renderer_classes = [TemplateHTMLRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the page."""
        return Response(template_name="docs.html")
