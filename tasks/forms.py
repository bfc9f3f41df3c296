"""The form of a task in the admin: the API's rules, and no change that nobody has seen."""

from typing import Any

from django import forms
from rest_framework.exceptions import ValidationError

from tasks.models import Task
from tasks.parameters import valid_user_id
from tasks.serializers import CREATE

CHANGED = (
    "The task was changed meanwhile, and nothing is saved yet. Look at what it holds now, and save"
    " again to write what you changed."
)

IN_WORDS = {True: "yes", False: "no", None: "nothing", "": "nothing"}


class LinesField(forms.CharField):
    """A text of several lines, kept as it is but for the line ends that browsers rewrite."""

    widget = forms.Textarea

    def __init__(self) -> None:
        super().__init__(required=False, strip=False, empty_value=None)

    def to_python(self, value: Any) -> str | None:
        """Undo the CRLF of HTML forms."""
        text: str | None = super().to_python(value)
        return text and text.replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare without regard to line ends."""
        return super().has_changed(self.to_python(initial), data)


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
    """A task, validated by the API's own rules.

    Each field carries the value that it was shown with: only what the person changed is
    written, and only to the task that they saw. A script that sends a field without that has
    seen nothing, and means what it sends; what it does not send stays.
    """

    description = LinesField()

    class Meta:
        model = Task
        fields = ("user_id", "title", "description", "completed")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            compared = self._says_what_was_shown(name) or name not in self.data
            field.show_hidden_initial = compared and not self.instance._state.adding

    def clean(self) -> dict[str, Any]:
        """Apply the API's rules; the database's own need no second statement here."""
        if not self.instance._state.adding:
            self._show_what_changed()
        members = {
            name: self.cleaned_data.get(name) for name in ("title", "description", "completed")
        }
        try:
            if "user_id" in self.cleaned_data:
                valid_user_id(self.cleaned_data["user_id"])
            self.cleaned_data |= CREATE.run_validation(members)
        except ValidationError as error:
            for name, details in error.detail.items():  # type: ignore[union-attr]
                if name not in self.errors:
                    self.add_error(name, [str(detail) for detail in details])
        return self.cleaned_data

    def _says_what_was_shown(self, name: str) -> bool:
        return self.add_initial_prefix(name) in self.data

    def _show_what_changed(self) -> None:
        """Refuse what was typed beside values that are no more, but keep it.

        What the person left alone becomes what it is now. Saved again, the form writes what
        they changed and no more.
        """
        typed, data = self.changed_data, self.data.copy()  # type: ignore[attr-defined]
        for name in filter(self._says_what_was_shown, self.fields):
            now, initial = self.initial[name], self.add_initial_prefix(name)
            if self.fields[name].has_changed(now, self.data[initial]):
                self.add_error(name, f"Meanwhile it became: {IN_WORDS.get(now, now)}")
                data[initial] = now
                if name not in typed:
                    data[name] = now
        if data != self.data:
            self.add_error(None, CHANGED)
            self.data = data
