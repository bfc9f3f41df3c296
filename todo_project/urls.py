"""The URLs of the service."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularYAMLAPIView

from todo_project.health import LivenessView, ReadinessView
from todo_project.openapi.views import SwaggerUIView
from todo_project.problems import handlers
from todo_project.problems.pages import ProblemTypesView, ProblemTypeView

FAVICON = "/static/drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png"

admin.site.site_header = admin.site.site_title = "Todo API"

urlpatterns = [
    path("", include("tasks.api.urls")),
    path("", RedirectView.as_view(url="/docs")),
    path("docs", SwaggerUIView.as_view(), name="docs"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi-json"),
    path("openapi.yaml", SpectacularYAMLAPIView.as_view(), name="openapi-yaml"),
    path("problems/", ProblemTypesView.as_view(), name="problems"),
    path("problems/<slug:slug>", ProblemTypeView.as_view(), name="problem"),
    path("healthz", LivenessView.as_view()),
    path("readyz", ReadinessView.as_view()),
    path("favicon.ico", RedirectView.as_view(url=FAVICON)),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    # With DEBUG, Django would answer an unknown URL itself, in HTML.
    re_path("", handlers.unknown_url),
]
handler500 = handlers.internal_error
