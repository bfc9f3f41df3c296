"""A resource, and what can be done with it: OPTIONS (RFC 9110 §9.3.7)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView


class Resource(APIView):
    """A view that answers OPTIONS with `Allow`, and nothing else."""

    def options(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Say in `Allow` what can be done here."""
        response = HttpResponse(status=204, headers={"Allow": self.allow})
        del response["Content-Type"]
        return response

    @property
    def allow(self) -> str:
        """The methods, as `Allow` lists them."""
        return ", ".join(self.allowed_methods)
