"""The OpenAPI document, and the page `/docs`: Swagger UI, with no file from another origin."""

from functools import cache
from hashlib import blake2b
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from todo_project.http.json import JSONRenderer
from todo_project.http.negotiation import SingleRepresentation, compress
from todo_project.http.resource import Page, Resource

_lock = Lock()
"""drf-spectacular is not safe for threads until it has generated a document."""


@cache
def make_document(renderer: Any) -> tuple[bytes, str]:
    """Generate the document, once a process, and its entity tag: settings do not change."""
    generator: Any = SchemaGenerator
    body: bytes = renderer().render(generator().get_schema(request=None, public=True))
    return body, f'"{blake2b(body, digest_size=16).hexdigest()}"'


class DocumentView(Resource):
    """The OpenAPI document, in the format of the URL whatever the client accepts."""

    authentication_classes = permission_classes = ()
    content_negotiation_class = SingleRepresentation
    renderer_classes = [JSONRenderer]

    @extend_schema(exclude=True)
    def get(self, request: HttpRequest) -> HttpResponseBase | None:
        """Return the document, or 304 if the client has it."""
        renderer: Any = self.renderer_classes[0]
        with _lock:
            body, etag = make_document(renderer)
        response = HttpResponse(body, content_type=renderer.media_type, headers={"ETag": etag})
        response["Cache-Control"] = "no-cache"
        compress(request, response)
        return get_conditional_response(request, etag=response["ETag"], response=response)


@method_decorator([conditional_page, cache_control(no_cache=True)], name="dispatch")
class SwaggerUIView(Page):
    """Swagger UI; its script fetches the document."""

    renderer_classes = [TemplateHTMLRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the page."""
        return Response(template_name="docs.html")
