"""The form of a task: it applies the rules of the API, and detects concurrent changes."""

import json
import re
from typing import Any

from django import forms
from rest_framework.exceptions import ValidationError

from tasks.api.path_parameters import validate_user_id
from tasks.api.serializers import CREATE, UPDATE, WRITABLE
from tasks.models import DEFAULTS, Task
from todo_project.http.json import dumps

CONFLICT = (
    "The task was changed by someone else, and nothing has been saved. Check the current values,"
    " and save again to apply your changes."
)


def describe_value(value: object) -> object:
    """Return a value of a field as the form displays it in a conflict."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None or value == "" else value


class LineField(forms.CharField):
    """A text of one line. It is compared as browsers submit it: without the line ends it may have.

    An `<input>` removes line ends from its value, and a form submits any other as CRLF:
    https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#constructing-entry-list
    """

    line_end = ""

    def to_python(self, value: Any) -> str | None:
        """Normalize the line ends."""
        text: str | None = super().to_python(value)
        return text and re.sub("\r\n?|\n", self.line_end, text)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare with normalized line ends, so that an unedited field stays as it is."""
        return super().has_changed(self.to_python(initial), data)


class MultilineField(LineField):
    """A text of several lines; the line ends of a new one are LF."""

    line_end = "\n"
    widget = forms.Textarea

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, required=False, strip=False, empty_value=None)


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form of a task.

    Each field has a hidden field with its initial value. So only what the user changed is
    written, and a change by someone else in the meantime is a conflict. A client that sends a
    field without its initial value is not in conflict; a field that it does not send stays as it
    is, or gets its default.
    """

    description = MultilineField(label="Description")
    save_failed = False  # whether the task changed between the validation and each UPDATE

    class Meta:
        model = Task
        fields = ("user_id", *WRITABLE)
        field_classes = {"title": LineField}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.adding = self.instance._state.adding
        self.initial = {**(DEFAULTS if self.adding else {}), **self.initial}
        for name, field in self.fields.items():
            field.required = field.required and not (self.is_bound and self._is_unsent(name))
            field.widget.attrs.pop("maxlength", None)  # browsers count UTF-16 code units
            field.show_hidden_initial = self._has_initial(name) or name not in self.data

    def clean(self) -> dict[str, Any]:
        """Apply the rules of the API; the database constraints need no statement of their own."""
        if not self.adding:
            self._detect_conflicts()
        if self.save_failed:
            self.add_error(None, CONFLICT)
        rules = CREATE if self.adding else UPDATE
        members = {
            name: self.cleaned_data.get(name) for name in WRITABLE if not self._is_unsent(name)
        }
        # The rules are for JSON, in which a date, for example, is a string.
        request = json.dumps(members, default=lambda value: json.loads(dumps(value)))
        try:
            if "user_id" in self.cleaned_data:
                validate_user_id(self.cleaned_data["user_id"])
            self.cleaned_data |= rules.run_validation(json.loads(request))
        except ValidationError as error:
            for name, details in error.detail.items():  # type: ignore[union-attr]
                if name not in self.errors:
                    self.add_error(name, [str(detail) for detail in details])
        return self.cleaned_data

    def _has_initial(self, name: str) -> bool:
        return self.add_initial_prefix(name) in self.data

    def _is_unsent(self, name: str) -> bool:
        return name in WRITABLE and name not in self.data and not self._has_initial(name)

    def _detect_conflicts(self) -> None:
        """Add an error for each field that was changed in the database since it was displayed.

        The form keeps what the user typed, and shows the current value of every other field, so
        that saving it again applies the user's changes and no others.
        """
        typed, data = self.changed_data, self.data.copy()  # type: ignore[attr-defined]
        for name in filter(self._has_initial, self.fields):
            current, initial = self.initial[name], self.add_initial_prefix(name)
            if self.fields[name].has_changed(current, self.data[initial]):
                self.add_error(name, f"Current value: {describe_value(current)}")
                data[initial] = current
                if name not in typed:
                    data[name] = current
        if data != self.data:
            self.add_error(None, CONFLICT)
            self.data = data
