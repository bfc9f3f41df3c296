"""The URLs of the service with METRICS=true, for a process that was started without."""

from django.urls import include, path

from todo_project import urls

urlpatterns = [path("metrics", include("todo_project.metrics.views")), *urls.urlpatterns]
handler500 = urls.handler500
