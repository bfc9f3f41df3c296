"""The OpenAPI document, and the page `/docs`: Swagger UI, with no file from another origin."""

from collections.abc import Callable
from typing import Any

from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from todo_project.http.resource import Page


def document(view: type[SpectacularAPIView]) -> Callable[..., Any]:
    """Return the view function, which compresses the document and answers If-None-Match."""
    return gzip_page(conditional_page(cache_control(no_cache=True)(view.as_view())))


class SwaggerUIView(Page):
    """Swagger UI; its script fetches the document."""

    renderer_classes = [TemplateHTMLRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the page."""
        return Response(template_name="docs.html")
