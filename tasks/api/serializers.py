"""Serializers: they validate requests, and describe requests and responses to OpenAPI.

They keep no state: each request serializer is built once, below, and shared by all threads.
"""

from itertools import islice
from typing import Any

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from tasks.models import (
    COLUMNS,
    DESCRIPTION_LENGTH,
    FIELDS,
    TITLE_LENGTH,
    USER_ID_LENGTH,
    WHITE_SPACE,
)
from todo_project.problems.exceptions import MAX_ERRORS


class StrictCharField(serializers.CharField):
    """A JSON string; DRF's own field accepts numbers too."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Reject what is not a string, before DRF calls `str()`, which recurses into arrays."""
        if not isinstance(data, str) and data is not None and data is not serializers.empty:
            self.fail("invalid")
        return super().run_validation(data)


class StrictBooleanField(serializers.BooleanField):
    """A JSON boolean; DRF's own field accepts `"yes"` and `1` too."""

    def to_internal_value(self, data: Any) -> bool:
        """Reject what is not a boolean."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


@extend_schema_field(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": TITLE_LENGTH,
        "pattern": r"^[^\x00]*[^\x00\s][^\x00]*$",
        "description": "What is to be done. Stored without surrounding white space.",
        "examples": ["Buy milk"],
    }
)
class TitleField(StrictCharField):
    """1 to 200 code points, counted and stored without surrounding white space."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=TITLE_LENGTH, trim_whitespace=False, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Trim; DRF would trim with `str.strip()`, which leaves U+FEFF."""
        return super().run_validation(data.strip(WHITE_SPACE) if isinstance(data, str) else data)


@extend_schema_field(
    {
        "type": "string",
        "maxLength": DESCRIPTION_LENGTH,
        "pattern": r"^[^\x00]*$",
        "description": "Details, stored exactly as sent; `null` if there are none.",
        "examples": ["Two bottles, the blue ones"],
    }
)
class DescriptionField(StrictCharField):
    """At most 1000 code points, stored exactly as sent, or null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=DESCRIPTION_LENGTH,
            allow_null=True,
            trim_whitespace=False,
            **options,
        )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Accept an empty string; for `allow_blank` drf-spectacular writes a wrong schema."""
        return "" if data == "" else super().run_validation(data)


@extend_schema_field({"description": "Ignored: only the server sets it."})
class IgnoredField(serializers.Field[Any, Any, Any, Any]):
    """A field that only the server sets; any value is accepted and ignored."""

    def __init__(self) -> None:
        super().__init__(required=False)


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that rejects undeclared fields."""

    def unknown_message(self, name: str) -> str:
        """Return the error of an undeclared field."""
        return "There is no such field."

    def run_validation(self, data: Any = serializers.empty) -> dict[str, Any]:
        """Return the validated fields; raise ValidationError with the errors found.

        Of the undeclared fields they are at most one more than a problem contains. DRF also looks
        for what no serializer here has: sources, `validate_*` methods, validators.
        """
        errors: dict[str, Any] = {}
        validated = {}
        for name, field in self.validated_fields:
            if name in data or field.required:
                try:
                    validated[name] = field.run_validation(data.get(name, serializers.empty))
                except ValidationError as error:
                    errors[name] = error.detail
        undeclared = (name for name in data if name not in self.declared)
        for name in islice(undeclared, MAX_ERRORS + 1):
            errors[name] = [ErrorDetail(self.unknown_message(name), "unknown")]
        if errors:
            raise ValidationError(errors)
        return validated

    @cached_property
    def declared(self) -> frozenset[str]:
        """Return the names of all fields."""
        return frozenset(self.fields)

    @cached_property
    def validated_fields(self) -> list[tuple[str, serializers.Field[Any, Any, Any, Any]]]:
        """Return the names and fields that are not ignored."""
        fields = self.fields.items()
        return [(name, field) for name, field in fields if not isinstance(field, IgnoredField)]


class TaskFields(StrictSerializer):
    """The columns that a client may set, each with its rule. The other serializers follow."""

    title = TitleField()
    description = DescriptionField()
    completed = StrictBooleanField(help_text="Whether the task is completed.")


WRITABLE = tuple(TaskFields().fields)
"""The columns that a client may set."""


class TaskUpdateSerializer(TaskFields):
    """The fields to change. An absent field stays as it is."""

    required_columns: frozenset[str] = frozenset()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the writable columns; the others are ignored."""
        fields = super().get_fields()
        for name, field in fields.items():
            field.required = name in self.required_columns
        return fields | {name: IgnoredField() for name in COLUMNS if name not in fields}


class TaskCreateSerializer(TaskUpdateSerializer):
    """A new task."""

    required_columns = frozenset(
        field.attname for field in FIELDS if not (field.null or field.has_db_default())
    )


class TaskCompletionSerializer(StrictSerializer):
    """The new value of `completed`. Without it, the current value is toggled."""

    completed = StrictBooleanField(required=False, help_text="The value to set.")


class TaskSerializer(TaskFields):
    """A task."""

    id: Any = serializers.UUIDField(help_text="Chosen by the server.")
    user_id = serializers.CharField(
        min_length=1, max_length=USER_ID_LENGTH, help_text="The owner, from the path."
    )
    created_at: Any = serializers.DateTimeField(
        help_text="The time of creation, UTC. Never changes."
    )
    updated_at: Any = serializers.DateTimeField(
        help_text="The time of the last change, UTC. Strictly later after every change."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the columns in their order."""
        fields = super().get_fields()
        return {name: fields[name] for name in COLUMNS}


CREATE = TaskCreateSerializer()
UPDATE = TaskUpdateSerializer()
COMPLETION = TaskCompletionSerializer()
