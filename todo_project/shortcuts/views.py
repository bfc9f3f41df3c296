"""Shortcuts through the views of Django REST framework."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

ENABLED = settings.SHORTCUTS


class ViewShortcuts(APIView):
    """A view without DRF's detours: for attributes of the request, and for an absent user."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Return DRF's request, which would look these attributes up by `__getattr__`."""
        initialized = super().initialize_request(request, *args, **kwargs)
        if ENABLED:
            initialized.META, initialized.method = request.META, request.method
        return initialized

    def perform_authentication(self, request: Request) -> None:
        """Authenticate the request if authentication classes are configured."""
        if request.authenticators or not ENABLED:
            super().perform_authentication(request)
