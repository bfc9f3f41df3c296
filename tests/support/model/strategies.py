"""Requests for the state machine: most go right, so that there are tasks to lose."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.support.client import OWNER, STRANGER

OTHER = {OWNER: STRANGER, STRANGER: OWNER}

users = st.sampled_from([OWNER, STRANGER])
strange = st.sampled_from([False, False, False, False, False, True])
slashes = st.sampled_from(["", "", "", "/"])
reads = st.sampled_from(["GET", "HEAD"])
updates = st.sampled_from(["PUT", "PATCH"])
keys = st.sampled_from(["k", "K"])

titles = st.sampled_from(["milk", "Milk and bread", " ÄPFEL\t", "100 %"])
members = {
    "description": st.sampled_from([None, "", "äpfel", "two\nlines"]),
    "completed": st.booleans(),
    "id": st.just("ignored"),
    "updated_at": st.none(),
}
drafts = st.fixed_dictionaries({"title": titles}, optional=members)
mistakes = st.sampled_from(
    [
        {"title": ""},
        {"title": " \n"},
        {"title": "x" * 201},
        {"title": "a\0"},
        {"title": 7},
        {"title": None},
        {"title": "a", "description": 5},
        {"title": "a", "completed": 1},
        {"title": "a", "done": True},
    ]
)
changes = st.fixed_dictionaries({}, optional={"title": titles, **members})
completions = st.sampled_from(
    [None, {}, {"completed": True}, {"completed": False}, {"completed": "no"}, {"title": "a"}]
)

searches = {
    "completed": st.sampled_from(["true", "false"]),
    "search": st.sampled_from(["L", "MILK", "äpf", "%", "\n"]),
}
limits = st.sampled_from(["1", "1", "2", "10000"])
one_page = st.fixed_dictionaries({"limit": limits})
queries = (
    one_page
    | st.fixed_dictionaries({}, optional=searches)
    | st.fixed_dictionaries({"limit": limits}, optional=searches)
)
wrong_queries = st.sampled_from(
    [{"limit": "0"}, {"limit": "10001"}, {"completed": "yes"}, {"search": ""}, {"page": "1"}]
)
clearances = st.sampled_from(
    [{"completed": "true"}, {"completed": "false"}, {}, {"completed": "true", "search": "a"}]
)

conditions = st.sampled_from(
    [None] * 30
    + [("now",)] * 2
    + [("first",), ("first", "now"), ("weak",), ("weak", "now")]
    + [("bare",), ("*",), ("*", "now"), ("",)]
)


@dataclass(frozen=True)
class Aim:
    """A task, and how a request goes for it."""

    task: tuple[str, str]
    strange: bool
    slash: str
    match: tuple[str, ...] | None
    none_match: tuple[str, ...] | None

    @property
    def user(self) -> str:
        owner, _ = self.task
        return OTHER[owner] if self.strange else owner

    @property
    def task_id(self) -> str:
        return self.task[1]


# `runner` is the state machine, which knows the tasks there are and those there were.
known = st.runner().flatmap(lambda service: st.sampled_from(service.known()))
aims = st.builds(Aim, known, strange, slashes, conditions, conditions)
