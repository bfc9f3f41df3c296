"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import (
    SpectacularJSONAPIView,
    SpectacularSwaggerSplitView,
    SpectacularYAMLAPIView,
)

from todo_project import problems
from todo_project.health import LivenessView, ReadinessView

urlpatterns = [
    path("", include("tasks.urls")),
    path("", RedirectView.as_view(url="/docs")),
    path("docs", SpectacularSwaggerSplitView.as_view(url="/openapi.json"), name="docs"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi-json"),
    path("openapi.yaml", SpectacularYAMLAPIView.as_view(), name="openapi-yaml"),
    path("healthz", LivenessView.as_view()),
    path("readyz", ReadinessView.as_view()),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    # Under DEBUG Django would answer an unknown URL itself, in HTML.
    re_path("", problems.unknown_url),
]
handler500 = problems.internal_error
