"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularYAMLAPIView

from todo_project import failures
from todo_project.health import LivenessView, ReadinessView
from todo_project.pages import DocumentationView, ProblemTypesView, ProblemTypeView

FAVICON = "/static/drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png"

admin.site.site_header = admin.site.site_title = "Todo API"

urlpatterns = [
    path("", include("tasks.urls")),
    path("", RedirectView.as_view(url="/docs")),
    path("docs", DocumentationView.as_view(), name="docs"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi-json"),
    path("openapi.yaml", SpectacularYAMLAPIView.as_view(), name="openapi-yaml"),
    path("problems/", ProblemTypesView.as_view(), name="problems"),
    path("problems/<slug:slug>", ProblemTypeView.as_view(), name="problem"),
    path("healthz", LivenessView.as_view()),
    path("readyz", ReadinessView.as_view()),
    path("favicon.ico", RedirectView.as_view(url=FAVICON)),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    # Under DEBUG Django would answer an unknown URL itself, in HTML.
    re_path("", failures.unknown_url),
]
handler500 = failures.internal_error
