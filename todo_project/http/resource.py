"""The base classes of all views: OPTIONS (RFC 9110 §9.3.7), and pages for people."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.views import APIView

from todo_project.http.json import JSON, JSONRenderer


class Resource(APIView):
    """A view whose response to OPTIONS has `Allow`, `Accept-Patch` and no body."""

    def options(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return the allowed methods, and the media type of a PATCH (RFC 5789 §3.1)."""
        accept_patch = {"Accept-Patch": JSON} if "PATCH" in self.allowed_methods else {}
        response = HttpResponse(status=204, headers={"Allow": self.allow} | accept_patch)
        del response["Content-Type"]
        return response

    @property
    def allow(self) -> str:
        """The allowed methods, as in `Allow`."""
        return ", ".join(self.allowed_methods)


class Page(Resource):
    """A public page in HTML, and the same data in JSON for clients that prefer it."""

    authentication_classes = permission_classes = ()
    renderer_classes = [TemplateHTMLRenderer, JSONRenderer]
