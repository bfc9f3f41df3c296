"""The URLs of the service."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.renderers import OpenApiYamlRenderer2

from todo_project.health import LivenessView, ReadinessView
from todo_project.openapi.views import DocumentView, GuideView, SwaggerUIView
from todo_project.problems import handlers
from todo_project.problems.pages import ProblemTypesView, ProblemTypeView

admin.site.site_header = admin.site.site_title = "Todo API"


def redirect_to(url: str) -> Any:
    """Return a view that redirects any request to the URL."""
    return csrf_exempt(RedirectView.as_view(url=url))


urlpatterns = [
    path("", include("tasks.api.urls")),
    path("", redirect_to("/docs")),
    path("docs", SwaggerUIView.as_view(), name="docs"),
    *(
        path(f"docs/{name}", GuideView.as_view(), {"name": name}, name=f"guide-{name}")
        for name in ("authentication", "clients")
    ),
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
    path(
        "favicon.ico",
        redirect_to(static("drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png")),
    ),
    path("admin", redirect_to("/admin/")),
    path("admin/", admin.site.urls),
    # With DEBUG, Django would answer an unknown URL itself, in HTML.
    re_path("", handlers.unknown_url),
]
handler500 = handlers.internal_error
