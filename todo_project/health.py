"""The health probes: `/healthz` (liveness) and `/readyz` (readiness)."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from todo_project.database.access import check_access, count_missing_migrations
from todo_project.http.negotiation import SingleRepresentation
from todo_project.http.resource import Resource
from todo_project.openapi.components import problem_responses
from todo_project.problems.exceptions import Problem
from todo_project.problems.registry import DATABASE_UNAVAILABLE, OVERLOADED


class HealthSerializer(serializers.Serializer[Any]):
    """The status of a healthy service."""

    status = serializers.ChoiceField(["ok"])


class Probe(Resource):
    """A view without authentication, for clients that accept anything or nothing."""

    authentication_classes = permission_classes = ()
    content_negotiation_class = SingleRepresentation


class LivenessView(Probe):
    """`/healthz`: 200 while the process answers.

    It never uses the database: a probe that did would keep a serverless database awake.
    """

    @extend_schema(
        operation_id="checkLiveness",
        summary="Check whether the process is alive",
        description="Never uses the database.",
        tags=["health"],
        responses={200: OpenApiResponse(HealthSerializer, "Alive."), **problem_responses()},
    )
    def get(self, request: Request) -> Response:
        """Return the status."""
        return Response({"status": "ok"})


class ReadinessView(Probe):
    """`/readyz`: 200 if a write would work, else 503."""

    @extend_schema(
        operation_id="checkReadiness",
        summary="Check whether the service is ready",
        description="200 if a write would work, else 503.",
        tags=["health"],
        responses={
            200: OpenApiResponse(HealthSerializer, "Ready."),
            **problem_responses(DATABASE_UNAVAILABLE, OVERLOADED),
        },
    )
    def get(self, request: Request) -> Response:
        """Compare the applied migrations with those of the code, and check the tables."""
        if missing := count_missing_migrations():
            connection.errors_occurred = True  # a new session may have another search_path
            raise Problem(
                DATABASE_UNAVAILABLE,
                f"{missing} migrations are not applied; run `python manage.py migrate`.",
            )
        for model in settings.API_MODELS:
            check_access(apps.get_model(model))
        return Response({"status": "ok"})
