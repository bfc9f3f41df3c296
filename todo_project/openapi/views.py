"""The OpenAPI document, the page `/docs`, which is Swagger UI, and the guides to which it links.

No page loads a file from another origin.
"""

import re
from functools import cache
from hashlib import blake2b
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from todo_project.environment import BASE_DIR
from todo_project.http.json import JSONRenderer
from todo_project.http.negotiation import SingleRepresentation, compress
from todo_project.http.resource import Page, Resource

_lock = Lock()
"""drf-spectacular is not safe for threads until it has generated a document."""


@cache
def make_document(renderer: Any) -> bytes:
    """Generate the document, once a process: settings do not change."""
    generator: Any = SchemaGenerator
    body: bytes = renderer().render(generator().get_schema(request=None, public=True))
    return body


@cache
def make_guide(name: str) -> bytes:
    """Render a file of docs/ as a page, once a process."""
    from markdown import markdown  # noqa: PLC0415 - 2.5 MB of memory, only if a guide is read

    text = (BASE_DIR / "docs" / f"{name}.md").read_text(encoding="utf-8")
    html = markdown(text, extensions=["fenced_code", "tables", "toc"])
    html = re.sub(' href="([^":#]+)(#[^"]*)?"', _link, html)
    title = text.partition("\n")[0].removeprefix("# ")
    return render_to_string("guide.html", {"title": title, "html": html}).encode()


def _link(relative: re.Match[str]) -> str:
    """Return the link to the page of a guide, or none if the file is not served."""
    path, fragment = relative.groups(default="")
    try:
        page = reverse(f"guide-{path.removesuffix('.md')}")
    except NoReverseMatch:
        return ""
    return f' href="{page}{fragment}"'


def _respond(request: HttpRequest, body: bytes, content_type: str) -> HttpResponseBase | None:
    """Return the body, compressed if the client accepts that, or 304 if the client has it."""
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    response = HttpResponse(body, content_type=content_type, headers={"ETag": etag})
    response["Cache-Control"] = "no-cache"
    compress(request, response, level=6)  # a fifth less than with level 1, for those who read
    return get_conditional_response(request, etag=response["ETag"], response=response)


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
            body = make_document(renderer)
        return _respond(request, body, renderer.media_type)


@method_decorator([conditional_page, cache_control(no_cache=True)], name="dispatch")
class SwaggerUIView(Page):
    """Swagger UI; its script fetches the document."""

    renderer_classes = [TemplateHTMLRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the page."""
        return Response(template_name="docs.html")


class GuideView(Page):
    """A guide for clients, in HTML."""

    renderer_classes = [TemplateHTMLRenderer]

    @extend_schema(exclude=True)
    def get(self, request: HttpRequest, name: str) -> HttpResponseBase | None:
        """Return the page, or 304 if the client has it."""
        return _respond(request, make_guide(name), "text/html; charset=utf-8")
