"""Sequences of arbitrary requests of two users, compared with a model of the API.

For a long run: `pytest tests/api/test_state_machine.py --hypothesis-profile=long`.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, rule, run_state_machine_as_test

from tasks.models import Task
from tests.support.model.comparison import ComparisonMachine, NextPage
from tests.support.model.strategies import (
    TaskRequest,
    complete_bodies,
    create_bodies,
    delete_parameters,
    idempotency_keys,
    invalid_bodies,
    invalid_list_parameters,
    limits,
    list_parameters,
    read_methods,
    task_requests,
    trailing_slashes,
    update_bodies,
    update_methods,
    users,
)
from tests.support.model.validation import Body

FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


class TaskMachine(ComparisonMachine):
    """Every operation of the API, with valid and with invalid requests."""

    pages = Bundle("pages")

    @initialize(tasks=st.lists(st.tuples(users, create_bodies), min_size=4, max_size=12))
    def create_tasks(self, tasks: list[tuple[str, Body]]) -> None:
        for user, body in tasks:
            self.create(user, body, None, "")

    @rule(user=users, body=create_bodies, key=st.none() | idempotency_keys, slash=trailing_slashes)
    def create(self, user: str, body: Body, key: str | None, slash: str) -> None:
        body = with_user_id(user, body)
        headers = {"idempotency_key": key} if key else {}
        response = self.request(user, "POST", slash, body, **headers)
        self.compare(response, self.model.create(user, body, key, response.json()))

    @rule(user=users, body=create_bodies, key=idempotency_keys)
    def repeat_create(self, user: str, body: Body, key: str) -> None:
        for slash in ("", "/"):
            self.create(user, body, key, slash)

    @rule(user=users, body=invalid_bodies, key=st.none() | idempotency_keys)
    def create_with_invalid_body(self, user: str, body: Body, key: str | None) -> None:
        self.create(user, body, key, "")

    @rule(request=task_requests, method=read_methods)
    def read(self, request: TaskRequest, method: str) -> None:
        precondition, response = self.request_task(request, method)
        self.compare(response, self.model.read(request.user, request.task_id, precondition))

    @rule(request=task_requests, method=update_methods, body=update_bodies)
    def update(self, request: TaskRequest, method: str, body: Body) -> None:
        body = with_user_id(request.user, body)
        precondition, response = self.request_task(request, method, body)
        expected = self.model.update(
            request.user, request.task_id, body, precondition, response.json()
        )
        # RFC 9110 §9.3.4: no ETag, because the stored title may differ from the one sent.
        self.compare(response, replace(expected, headers={}) if method == "PUT" else expected)

    @rule(request=task_requests, method=update_methods, body=invalid_bodies)
    def update_with_invalid_body(self, request: TaskRequest, method: str, body: Body) -> None:
        self.update(request, method, body)

    @rule(request=task_requests, body=complete_bodies)
    def complete(self, request: TaskRequest, body: Body | None) -> None:
        precondition, response = self.request_task(request, "PATCH", body, "/complete")
        expected = self.model.complete(
            request.user, request.task_id, body, precondition, response.json()
        )
        self.compare(response, expected)

    @rule(request=task_requests)
    def delete(self, request: TaskRequest) -> None:
        precondition, response = self.request_task(request, "DELETE")
        self.compare(response, self.model.delete(request.user, request.task_id, precondition))

    @rule(request=task_requests, parameters=delete_parameters)
    def delete_by_filter(self, request: TaskRequest, parameters: dict[str, str]) -> None:
        precondition, headers = self.precondition(request)
        path = f"{request.trailing_slash}?{urlencode(parameters)}"
        response = self.request(request.user, "DELETE", path, **headers)
        expected = self.model.delete_by_filter(request.user, parameters, precondition)
        self.compare(response, expected)

    @rule(target=pages, user=users, method=read_methods, parameters=list_parameters)
    def read_first_page(self, user: str, method: str, parameters: dict[str, str]) -> Any:
        return self.read_page(user, method, parameters)

    @rule(
        user=users,
        method=read_methods,
        parameters=list_parameters,
        invalid=invalid_list_parameters,
    )
    def read_page_with_invalid_parameter(
        self, user: str, method: str, parameters: dict[str, str], invalid: dict[str, str]
    ) -> None:
        self.read_page(user, method, parameters | invalid)

    @rule(target=pages, page=pages, method=read_methods, limit=limits)
    def read_next_page(self, page: NextPage, method: str, limit: str) -> Any:
        parameters = page.parameters | {"limit": limit}
        return self.read_page(page.model_cursor.user, method, parameters, page)

    @rule(page=pages, method=read_methods, parameters=list_parameters)
    def use_cursor_with_other_parameters(
        self, page: NextPage, method: str, parameters: dict[str, str]
    ) -> None:
        self.read_page(page.model_cursor.user, method, parameters, page)

    @rule(user=users)
    def set_timestamps_in_the_future(self, user: str) -> None:
        """Give all tasks of a user the same timestamps, as a wrong clock could have done."""
        Task.objects.filter(user_id=user).update(created_at=FUTURE, updated_at=FUTURE)
        self.model.set_timestamps(user, "2100-01-01T00:00:00Z")


def with_user_id(user: str, body: Body) -> Body:
    """Append the user id to the texts, so that it is found in a response to the other user."""
    texts = {name: body[name] for name in ("title", "description") if name in body}
    return body | {
        name: f"{text}{user}"
        for name, text in texts.items()
        if isinstance(text, str) and text.strip()
    }


@pytest.mark.django_db
def test_service_and_model_return_the_same_responses() -> None:
    run_state_machine_as_test(TaskMachine)
