"""What a client may send, and what it gets.

The serializers validate requests and describe both directions to OpenAPI. They keep no
state: each request serializer is built once, below, and validates for every thread.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from tasks.models import DESCRIPTION_LENGTH, TITLE_LENGTH, USER_ID_LENGTH

# What `str.strip` removes. `\s` is something else in JavaScript, and again in Rust.
WHITE_SPACE = (
    r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
)


class StrictCharField(serializers.CharField):
    """A JSON string; DRF's own field takes numbers too."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse what is not a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """A JSON boolean; DRF's own field takes `"yes"` and `1` too."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuse what is not a boolean."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


@extend_schema_field(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": TITLE_LENGTH,
        "pattern": rf"^[^\u0000]*[^\u0000{WHITE_SPACE}][^\u0000]*$",
        "description": "What is to be done. Stored without the white space around it.",
        "examples": ["Buy milk"],
    }
)
class TitleField(StrictCharField):
    """1 to 200 code points, counted and kept without the white space around them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=TITLE_LENGTH, **options)


@extend_schema_field(
    {
        "type": "string",
        "maxLength": DESCRIPTION_LENGTH,
        "pattern": r"^[^\u0000]*$",
        "description": "Anything more there is to say, kept as sent; `null` for nothing.",
        "examples": ["Two bottles, the blue ones"],
    }
)
class DescriptionField(StrictCharField):
    """At most 1000 code points, kept as sent, or null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=DESCRIPTION_LENGTH,
            allow_null=True,
            trim_whitespace=False,
            **options,
        )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Take an empty text, too; of `allow_blank` drf-spectacular makes a wrong schema."""
        return "" if data == "" else super().run_validation(data)


@extend_schema_field({"description": "Accepted and ignored: the server owns it."})
class IgnoredField(serializers.Field[Any, Any, Any, Any]):
    """A member that only the server sets; any value is accepted and dropped."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def run_validation(self, data: Any = None) -> Any:
        """Leave the member out of the validated data."""
        raise serializers.SkipField


class StrictSerializer(serializers.Serializer[Any]):
    """The declared members and no others."""

    unknown_message = "There is no such field."

    def to_internal_value(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the validated members; raise ValidationError with everything that is wrong."""
        errors: dict[str, Any] = {
            name: [ErrorDetail(self.unknown_message, "unknown")]
            for name in data.keys() - self.fields.keys()
        }
        try:
            validated: dict[str, Any] = super().to_internal_value(data)
        except ValidationError as error:
            errors |= error.detail  # type: ignore[arg-type]
        if errors:
            raise ValidationError(errors)
        return validated


class TaskRequestSerializer(StrictSerializer):
    """What every request about a task may carry."""

    title = TitleField(required=False)
    description = DescriptionField(required=False)
    completed = StrictBooleanField(required=False, help_text="Whether it is done.")
    id = IgnoredField()
    user_id = IgnoredField()
    created_at = IgnoredField()
    updated_at = IgnoredField()


class TaskCreateSerializer(TaskRequestSerializer):
    """A new task."""

    title = TitleField()


class TaskUpdateSerializer(TaskRequestSerializer):
    """The fields to change; an absent one stays as it is."""


class TaskCompletionSerializer(StrictSerializer):
    """What `completed` shall be; without it, the opposite of what it is."""

    completed = StrictBooleanField(
        required=False, help_text="The value to set. Absent: flip the present one."
    )


class TaskSerializer(serializers.Serializer[Any]):
    """A task."""

    id = serializers.UUIDField(help_text="Chosen by the server.")
    user_id = serializers.CharField(
        min_length=1, max_length=USER_ID_LENGTH, help_text="The owner, from the path."
    )
    title = TitleField()
    description = DescriptionField()
    completed = serializers.BooleanField(help_text="Whether it is done.")
    created_at = serializers.DateTimeField(help_text="When it was created, in UTC. Never changes.")
    updated_at = serializers.DateTimeField(
        help_text="When it last changed, in UTC: strictly later after every change."
    )


CREATE = TaskCreateSerializer()
UPDATE = TaskUpdateSerializer()
COMPLETION = TaskCompletionSerializer()
