"""Two users, any requests in any order: the service answers as its model does.

For a long run: `pytest tests/test_state_machine.py --hypothesis-profile=long`.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, rule, run_state_machine_as_test

from tasks.models import Task
from tests.support.model.comparison import Link, SideBySide
from tests.support.model.model import Body
from tests.support.model.strategies import (
    Aim,
    aims,
    changes,
    clearances,
    completions,
    drafts,
    keys,
    limits,
    mistakes,
    queries,
    reads,
    slashes,
    updates,
    users,
    wrong_queries,
)

FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


class AnyRequests(SideBySide):
    """Every operation, rightly and wrongly."""

    links = Bundle("links")

    @initialize(drafts=st.lists(st.tuples(users, drafts), min_size=4, max_size=12))
    def begin(self, drafts: list[tuple[str, Body]]) -> None:
        for user, draft in drafts:
            self.create(user, draft, None, "")

    @rule(user=users, body=drafts, key=st.none() | keys, slash=slashes)
    def create(self, user: str, body: Body, key: str | None, slash: str) -> None:
        body = marked(user, body)
        headers = {"idempotency_key": key} if key else {}
        response = self.ask(user, "POST", slash, body, **headers)
        self.compare(response, self.model.create(user, body, key, response.json()))

    @rule(user=users, body=drafts, key=keys)
    def create_twice(self, user: str, body: Body, key: str) -> None:
        for slash in ("", "/"):
            self.create(user, body, key, slash)

    @rule(user=users, body=mistakes, key=st.none() | keys)
    def create_wrongly(self, user: str, body: Body, key: str | None) -> None:
        self.create(user, body, key, "")

    @rule(aim=aims, method=reads)
    def read(self, aim: Aim, method: str) -> None:
        condition, response = self.go(aim, method)
        self.compare(response, self.model.read(aim.user, aim.task_id, condition))

    @rule(aim=aims, method=updates, body=changes)
    def change(self, aim: Aim, method: str, body: Body) -> None:
        body = marked(aim.user, body)
        condition, response = self.go(aim, method, body)
        answer = self.model.change(aim.user, aim.task_id, body, condition, response.json())
        self.compare(response, replace(answer, headers={}) if method == "PUT" else answer)

    @rule(aim=aims, method=updates, body=mistakes)
    def change_wrongly(self, aim: Aim, method: str, body: Body) -> None:
        self.change(aim, method, body)

    @rule(aim=aims, body=completions)
    def complete(self, aim: Aim, body: Body | None) -> None:
        condition, response = self.go(aim, "PATCH", body, "/complete")
        answer = self.model.complete(aim.user, aim.task_id, body, condition, response.json())
        self.compare(response, answer)

    @rule(aim=aims)
    def delete(self, aim: Aim) -> None:
        condition, response = self.go(aim, "DELETE")
        self.compare(response, self.model.remove(aim.user, aim.task_id, condition))

    @rule(aim=aims, query=clearances)
    def delete_by_filter(self, aim: Aim, query: dict[str, str]) -> None:
        condition, headers = self.demand(aim)
        response = self.ask(aim.user, "DELETE", f"{aim.slash}?{urlencode(query)}", **headers)
        self.compare(response, self.model.clear(aim.user, query, condition))

    @rule(target=links, user=users, method=reads, query=queries)
    def look_at_a_page(self, user: str, method: str, query: dict[str, str]) -> Any:
        return self.look(user, method, query)

    @rule(user=users, method=reads, query=queries, wrong=wrong_queries)
    def look_wrongly(
        self, user: str, method: str, query: dict[str, str], wrong: dict[str, str]
    ) -> None:
        self.look(user, method, query | wrong)

    @rule(target=links, link=links, method=reads, limit=limits)
    def turn_the_page(self, link: Link, method: str, limit: str) -> Any:
        return self.look(link.cursor.user, method, link.parameters | {"limit": limit}, link)

    @rule(link=links, method=reads, query=queries)
    def turn_to_another_list(self, link: Link, method: str, query: dict[str, str]) -> None:
        self.look(link.cursor.user, method, query, link)

    @rule(user=users)
    def let_the_clock_have_been_wrong(self, user: str) -> None:
        """Date all tasks of a user at the same moment of the future."""
        Task.objects.filter(user_id=user).update(created_at=FUTURE, updated_at=FUTURE)
        self.model.date(user, "2100-01-01T00:00:00Z")


def marked(user: str, body: Body) -> Body:
    """Put the user's name into every text, so that it is seen where it must not be."""
    return {
        name: f"{value}{user}" if isinstance(value, str) and value.strip() else value
        for name, value in body.items()
    }


@pytest.mark.django_db
def test_the_service_answers_as_its_model() -> None:
    run_state_machine_as_test(AnyRequests)
