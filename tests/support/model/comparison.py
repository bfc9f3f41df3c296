"""A state machine that sends each request to the service and to its model."""

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant, multiple

from tests.support.client import API, OWNER
from tests.support.model.model import Model
from tests.support.model.preconditions import Precondition, etag
from tests.support.model.responses import Cursor, ExpectedResponse, problem
from tests.support.model.strategies import OTHER_USER, TaskRequest
from tests.support.pages import next_parameters

COMPARED_HEADERS = ("ETag", "Location", "Idempotent-Replayed")
UNKNOWN_ETAG = '"2026-02-06T10:30:00Z"'
MISSING_TASK = (OWNER, "8c1a6e0e-3f0b-4d5e-9a55-0d3f5b6a7c11")


@dataclass(frozen=True)
class NextPage:
    """A link to the next page: the service's cursor, the other parameters, the model's cursor."""

    cursor: str
    parameters: dict[str, str]
    model_cursor: Cursor


class ComparisonMachine(RuleBasedStateMachine):
    """The service and the model, and the comparison of their responses."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.api = API()
        self.model = Model()
        self.etags: dict[str, list[str]] = defaultdict(list)
        self.cache: dict[tuple[str, str], tuple[str, object]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @invariant()
    def lists_equal_the_model(self) -> None:
        """Compare the lists of all users, and record the entity tag of each task."""
        for user in OTHER_USER:
            response = self.request(user, "GET")
            expected = self.model.list_page(user, {})
            self.compare(response, replace(expected, headers={"ETag": response["ETag"]}))
        for task in self.model.tasks.values():
            if etag(task) not in self.etags[task["id"]][-1:]:
                self.etags[task["id"]].append(etag(task))

    def task_choices(self) -> list[tuple[str, str]]:
        """Return owners and ids of tasks, most of which exist."""
        existing = [(task["user_id"], task_id) for task_id, task in self.model.tasks.items()]
        return (
            existing * 3 + [(OWNER, task_id) for task_id in self.model.used_ids] + [MISSING_TASK]
        )

    def request(
        self, user: str, method: str, path: str = "", body: object = None, **headers: str
    ) -> Any:
        """Send a request, and assert that the response contains nothing of the other user."""
        response = self.api.call(method, f"/api/{user}/tasks{path}", body, **headers)
        raw = response.serialize().decode()
        ids = [task_id for task_id, task in self.model.tasks.items() if task["user_id"] != user]
        assert [secret for secret in (OTHER_USER[user], *ids) if secret in raw] == []
        return response

    def request_task(
        self, request: TaskRequest, method: str, body: object = None, end: str = ""
    ) -> tuple[Precondition, Any]:
        """Send a request about one task; return its precondition and the response."""
        precondition, headers = self.precondition(request)
        path = f"/{request.task_id}{end}{request.trailing_slash}"
        return precondition, self.request(request.user, method, path, body, **headers)

    def precondition(self, request: TaskRequest) -> tuple[Precondition, dict[str, str]]:
        """Return the precondition of a request, for the model and as headers."""
        recorded = self.etags[request.task_id] or [UNKNOWN_ETAG]
        current = recorded[-1]
        etags = {
            "current": current,
            "first": recorded[0],
            "weak": f"W/{current}",
            "unquoted": current.strip('"'),
        }
        if_match, if_none_match = (
            None if names is None else tuple(etags.get(name, name) for name in names)
            for names in (request.if_match, request.if_none_match)
        )
        fields = {"if_match": if_match, "if_none_match": if_none_match}
        headers = {name: ", ".join(tags) for name, tags in fields.items() if tags is not None}
        return Precondition(if_match, if_none_match), headers

    def read_page(
        self, user: str, method: str, parameters: dict[str, str], page: NextPage | None = None
    ) -> Any:
        """Read a page, with If-None-Match if it was read before; return the next page.

        Assert that the entity tag differs exactly if the page or its `Link` has changed.
        """
        query = parameters | ({"cursor": page.cursor} if page else {})
        path = f"?{urlencode(query)}"
        expected = self.model.list_page(user, parameters, page.model_cursor if page else None)
        content = (json.dumps(expected.body), expected.next_cursor)
        cached_etag, cached_content = self.cache.get((user, path), ("", None))
        headers = {"if_none_match": cached_etag} if cached_etag else {}
        response = self.request(user, method, path, **headers)
        if expected.status == 200:
            expected = replace(expected, headers={"ETag": response["ETag"]})
            assert (response["ETag"] == cached_etag) == (content == cached_content)
            self.cache[user, path] = response["ETag"], content
        if content == cached_content:
            expected = ExpectedResponse(304, headers=expected.headers)
        self.compare(response, expected)
        if expected.next_cursor is None:
            return multiple()
        return self.next_page(user, method, parameters, response, expected.next_cursor)

    def next_page(
        self, user: str, method: str, parameters: dict[str, str], response: Any, cursor: Cursor
    ) -> NextPage:
        """Return the page that `Link` names, and assert that the other user cannot read it."""
        linked = next_parameters(response)
        assert linked == parameters | {"cursor": linked["cursor"]}
        other = self.request(OTHER_USER[user], method, f"?{urlencode(linked)}")
        self.compare(other, problem(400))
        return NextPage(linked["cursor"], parameters, cursor)

    def compare(self, response: Any, expected: ExpectedResponse) -> None:
        """Assert that the response is the expected one."""
        assert response.status_code == expected.status, response.content
        headers = {name: response[name] for name in COMPARED_HEADERS if name in response}
        assert headers == expected.headers
        assert ("Link" in response) == (expected.next_cursor is not None)
        if expected.body is None or response.request["REQUEST_METHOD"] == "HEAD":
            assert response.content == b""
        elif expected.status < 400:
            assert response.json() == expected.body
        else:
            received = response.json()
            members = {name: received[name] for name in ("type", "current") if name in received}
            assert members == expected.body
