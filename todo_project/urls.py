"""The URLs of the service."""

from importlib import import_module

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.renderers import OpenApiYamlRenderer2

from todo_project.health import LivenessView, ReadinessView
from todo_project.openapi.views import DocumentView, SwaggerUIView
from todo_project.problems import handlers
from todo_project.problems.pages import ProblemTypesView, ProblemTypeView

FAVICON = "drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png"

admin.site.site_header = admin.site.site_title = "Todo API"

urlpatterns = [
    *import_module("tasks.api.urls").urlpatterns,  # `include` would match and resolve twice
    path("", RedirectView.as_view(url="/docs")),
    path("docs", SwaggerUIView.as_view(), name="docs"),
    path("openapi.json", DocumentView.as_view(), name="openapi-json"),
    path(
        "openapi.yaml",
        DocumentView.as_view(renderer_classes=[OpenApiYamlRenderer2]),
        name="openapi-yaml",
    ),
    path("problems/", ProblemTypesView.as_view(), name="problems"),
    path("problems/<slug:slug>", ProblemTypeView.as_view(), name="problem"),
    path("healthz", LivenessView.as_view()),
    path("readyz", ReadinessView.as_view()),
    *([path("metrics", include("todo_project.metrics.views"))] if settings.METRICS else []),
    path("favicon.ico", RedirectView.as_view(url=static(FAVICON))),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    # With DEBUG, Django would answer an unknown URL itself, in HTML.
    re_path("", handlers.unknown_url),
]
handler500 = handlers.internal_error
