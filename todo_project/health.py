"""Whether the process answers, and whether it can serve."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from todo_project.openapi import problem_responses
from todo_project.options import Resource
from todo_project.problems import DATABASE_UNAVAILABLE, Problem


class HealthSerializer(serializers.Serializer[Any]):
    """All is well."""

    status = serializers.ChoiceField(["ok"])


class Probe(Resource):
    """A question that anybody may ask."""

    authentication_classes = permission_classes = ()


class LivenessView(Probe):
    """`/healthz`: 200 while the process answers.

    It never touches the database: a probe that did would keep a serverless one awake.
    """

    @extend_schema(
        operation_id="checkLiveness",
        summary="Is the process alive?",
        description="Never touches the database.",
        tags=["health"],
        responses={200: OpenApiResponse(HealthSerializer, "It is."), **problem_responses()},
    )
    def get(self, request: Request) -> Response:
        """Answer."""
        return Response({"status": "ok"})


class ReadinessView(Probe):
    """`/readyz`: 200 when the database is reachable and migrated, else 503."""

    @extend_schema(
        operation_id="checkReadiness",
        summary="Can the service serve?",
        description="200 when the database is reachable and migrated, else 503.",
        tags=["health"],
        responses={
            200: OpenApiResponse(HealthSerializer, "It can."),
            **problem_responses(DATABASE_UNAVAILABLE),
        },
    )
    def get(self, request: Request) -> Response:
        """Connect, and compare the migrations."""
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            raise Problem(
                DATABASE_UNAVAILABLE,
                f"{len(missing)} migrations are not applied; run `python manage.py migrate`.",
            )
        return Response({"status": "ok"})
