"""The same API in Django REST framework, as its tutorial teaches it: a ModelViewSet and a router.

The serializer's strict types and the partial PUT are rules of the API, which DRF's defaults lack.
"""

from typing import Any

from django.db.models import QuerySet
from rest_framework import routers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.peers.models import Task


class StrictCharField(serializers.CharField):
    """A string; DRF's own field accepts a number too."""

    def to_internal_value(self, data: Any) -> str:
        """Reject other types."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """`true` or `false`; DRF's own field accepts `"true"` too."""

    def to_internal_value(self, data: Any) -> bool:
        """Reject other types."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class TaskSerializer(serializers.ModelSerializer):
    """A task; everything else follows from the model."""

    title = StrictCharField(max_length=200)
    description = StrictCharField(
        max_length=1000, allow_null=True, allow_blank=True, trim_whitespace=False, required=False
    )
    completed = StrictBooleanField(required=False)

    class Meta:
        model = Task
        fields = ["id", "user_id", "title", "description", "completed", "created_at", "updated_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Reject members that a task does not have."""
        if unknown := self.initial_data.keys() - self.fields.keys():
            raise serializers.ValidationError(dict.fromkeys(unknown, "Unknown field."))
        return attrs


class NewestFirst(CursorPagination):
    """Pages as plain arrays. A cursor needs no `COUNT(*)`, which the other two styles execute."""

    ordering = ("-created_at", "-id")
    page_size = max_page_size = 10_000
    page_size_query_param = "limit"

    def get_paginated_response(self, data: Any) -> Response:
        """Name the next page in a header."""
        link = self.get_next_link()
        return Response(data, headers={"Link": f'<{link}>; rel="next"'} if link else None)


class TaskViewSet(viewsets.ModelViewSet):
    """The tasks of the user in the path."""

    serializer_class = TaskSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Task]:
        """Return the user's tasks, filtered by `completed`."""
        tasks = Task.objects.filter(user_id=self.kwargs["user_id"])
        completed = self.request.query_params.get("completed")
        return tasks.filter(completed=completed == "true") if completed else tasks

    def perform_create(self, serializer: serializers.BaseSerializer[Task]) -> None:
        """Store the task for the user."""
        serializer.save(user_id=self.kwargs["user_id"])

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Leave what is absent unchanged, with PUT too."""
        return super().update(request, *args, **kwargs | {"partial": True})

    @action(detail=True, methods=["patch"])
    def complete(self, request: Request, **kwargs: Any) -> Response:
        """Toggle `completed`."""
        task = self.get_object()
        task.completed = not task.completed
        task.save(update_fields=["completed", "updated_at"])
        return Response(self.get_serializer(task).data)


router = routers.SimpleRouter(trailing_slash=False)
router.register("api/(?P<user_id>[^/]+)/tasks", TaskViewSet, basename="task")
urlpatterns = router.urls
