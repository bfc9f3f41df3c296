"""Hypothesis strategies for the requests of the state machine.

Most of the requests are valid: an invalid one changes nothing, and so tests little afterwards.
"""

from dataclasses import dataclass

from hypothesis import strategies as st

from tasks.api.examples import ALL_FIELDS
from tasks.models import DEFAULTS
from tests.support.client import OWNER, STRANGER

OTHER_USER = {OWNER: STRANGER, STRANGER: OWNER}

users = st.sampled_from([OWNER, STRANGER])
is_other_user = st.sampled_from([False, False, False, False, False, True])
trailing_slashes = st.sampled_from(["", "", "", "/"])
read_methods = st.sampled_from(["GET", "HEAD"])
update_methods = st.sampled_from(["PUT", "PATCH"])
idempotency_keys = st.sampled_from(["k", "K"])

titles = st.sampled_from(["milk", "Milk and bread", " ÄPFEL\ufeff\t", "100 %"])
optional_fields = {
    **{name: st.sampled_from([DEFAULTS[name], ALL_FIELDS[name]]) for name in DEFAULTS},
    "description": st.sampled_from([None, "", "äpfel", "two\nlines"]),
    "completed": st.booleans(),
    "id": st.just("ignored"),
    "updated_at": st.none(),
}
create_bodies = st.fixed_dictionaries({"title": titles}, optional=optional_fields)
update_bodies = st.fixed_dictionaries({}, optional={"title": titles, **optional_fields})
complete_bodies = st.sampled_from(
    [None, {}, {"completed": True}, {"completed": False}, {"completed": "no"}, {"title": "a"}]
)
invalid_bodies = st.sampled_from(
    [
        {"title": ""},
        {"title": " \ufeff\n"},
        {"title": "x" * 201},
        {"title": "a\0"},
        {"title": 7},
        {"title": None},
        {"title": "a", "description": 5},
        {"title": "a", "completed": 1},
        {"title": "a", "done": True},
    ]
)

list_filters = {
    "completed": st.sampled_from(["true", "false"]),
    "search": st.sampled_from(["L", "MILK", "äpf", "%", "\n"]),
}
limits = st.sampled_from(["1", "1", "2", "10000"])
list_parameters = (
    st.fixed_dictionaries({"limit": limits})
    | st.fixed_dictionaries({}, optional=list_filters)
    | st.fixed_dictionaries({"limit": limits}, optional=list_filters)
)
invalid_list_parameters = st.sampled_from(
    [{"limit": "0"}, {"limit": "10001"}, {"completed": "yes"}, {"search": ""}, {"page": "1"}]
)
delete_parameters = st.sampled_from(
    [{"completed": "true"}, {"completed": "false"}, {}, {"completed": "true", "search": "a"}]
)

# ComparisonMachine.precondition replaces the names by entity tags of the task.
entity_tags = st.sampled_from(
    [None] * 30
    + [("current",)] * 2
    + [("first",), ("first", "current"), ("weak",), ("weak", "current")]
    + [("unquoted",), ("*",), ("*", "current"), ("",)]
)


@dataclass(frozen=True)
class TaskRequest:
    """The path and the preconditions of a request about one task."""

    task: tuple[str, str]
    is_other_user: bool
    trailing_slash: str
    if_match: tuple[str, ...] | None
    if_none_match: tuple[str, ...] | None

    @property
    def user(self) -> str:
        """The user in the path: the owner of the task, or the other user."""
        owner, _ = self.task
        return OTHER_USER[owner] if self.is_other_user else owner

    @property
    def task_id(self) -> str:
        return self.task[1]


# `runner` is the state machine, which knows the tasks.
tasks = st.runner().flatmap(lambda machine: st.sampled_from(machine.task_choices()))
task_requests = st.builds(
    TaskRequest, tasks, is_other_user, trailing_slashes, entity_tags, entity_tags
)
