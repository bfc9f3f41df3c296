"""Every SQL statement of the API: how many a request takes, whom they name, what they cost."""

import re
from dataclasses import dataclass, field, replace
from itertools import product

import pytest

from tests.support.client import API, OWNER, TASKS, task_url
from tests.support.factories import TaskFactory
from tests.support.pages import next_url
from tests.support.query_plans import (
    INDEX,
    KEY,
    SLOW,
    Statement,
    fill,
    lookups,
    plans,
    recorded,
    starts_after_a_row,
)

pytestmark = pytest.mark.django_db

BODY = {"title": "New"}
EVERYTHING = {"title": "New", "description": "", "completed": True}
ANOTHER = "user-1"  # who has tasks, too
OLD = '"2026-02-06T10:30:00Z"'


@dataclass(frozen=True)
class Request:
    """A request and its statements; `{task}`, `{id}` and `{etag}` are those of a new task."""

    status: int
    method: str
    path: str = "{task}"
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    statements: int = 1
    looks_up: str = KEY

    def send(self, api: API) -> list[Statement]:
        """Send it, and return its statements."""
        api.send(201, "POST", TASKS, BODY, idempotency_key="used")
        _, task = TaskFactory.create_batch(2, user_id=OWNER)
        tag = api.send(200, "GET", task_url(task))["ETag"]
        known = {"task": task_url(task), "id": task.id, "etag": tag}
        path = following(api, self.path.format(**known))
        headers = {name: value.format(**known) for name, value in self.headers.items()}
        with recorded() as statements:
            api.send(self.status, self.method, path, self.body, **headers)
        return statements


def following(api: API, path: str) -> str:
    """Return the path; where it wants the next page, with a real cursor."""
    if "&cursor" not in path:
        return path
    first = re.sub(r"limit=\d+&cursor", "limit=1", path)
    [limit] = re.findall(r"limit=\d+", path)
    return (next_url(api.send(200, "GET", first)) or "").replace("limit=1", limit)


def all_requests() -> dict[str, Request]:
    """Return every operation with each combination of what changes its statements."""
    requests = {
        "create": Request(201, "POST", TASKS, BODY, looks_up=""),
        "create everything": Request(201, "POST", TASKS, EVERYTHING, looks_up=""),
        "create with a key": Request(
            201, "POST", TASKS, BODY, {"idempotency_key": "{id}"}, looks_up=""
        ),
        "replay": Request(201, "POST", TASKS, BODY, {"idempotency_key": "used"}, 2),
        "reuse a key": Request(422, "POST", TASKS, EVERYTHING, {"idempotency_key": "used"}, 2),
        "delete by filter": Request(200, "DELETE", f"{TASKS}?completed=true", looks_up=INDEX),
    }
    for completed, search, limit, cursor in product(
        ("", "completed=false&"),
        ("", "search=task&"),
        ("1", "100", "1000", "10000"),
        ("", "&cursor"),
    ):
        query = f"{completed}{search}limit={limit}{cursor}"
        requests[f"list {query}"] = Request(200, "GET", f"{TASKS}?{query}", looks_up=INDEX)
    for name, one in ONE_TASK.items():
        for condition, headers in MATCHES.items():
            requests[f"{name}{condition}"] = replace(one, headers=headers)
        for condition, headers in MISMATCHES.items():
            refused = replace(one, status=412, headers=headers, statements=2)
            requests[f"{name}{condition}"] = refused
        path = one.path.replace("{task}", f"/api/{ANOTHER}/tasks/{{id}}")
        strange = replace(one, status=404, path=path)
        requests[f"{name} as a stranger"] = strange
        requests[f"{name} as a stranger if stale"] = replace(
            strange, headers={"if_match": OLD}, statements=2
        )
    return requests


ONE_TASK = {
    "read": Request(200, "GET"),
    "put": Request(200, "PUT", body=BODY),
    "patch": Request(200, "PATCH", body=EVERYTHING),
    "patch nothing": Request(200, "PATCH", body={}),
    "flip": Request(200, "PATCH", "{task}/complete"),
    "complete": Request(200, "PATCH", "{task}/complete", {"completed": True}),
    "delete": Request(204, "DELETE"),
}
MATCHES = {
    "": {},
    " if matched": {"if_match": "{etag}"},
    " if one of two": {"if_match": f"{OLD}, {{etag}}"},
    " if any": {"if_match": "*"},
    " if not old": {"if_none_match": OLD},
    " if matched and not old": {"if_match": "{etag}", "if_none_match": OLD},
}
MISMATCHES = {" if stale": {"if_match": OLD}, " if malformed": {"if_match": "x"}}
REQUESTS = all_requests()


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_takes_so_many_statements_and_each_names_the_user(api: API, name: str) -> None:
    request = REQUESTS[name]
    statements = request.send(api)
    assert len(statements) == request.statements
    for sql, params in statements:
        assert re.search('INSERT .*INTO "tasks" .*"user_id"|"user_id" = ', sql)
        assert (ANOTHER if "stranger" in name else OWNER) in params


def test_no_statement_costs_more_with_more_users(api: API) -> None:
    fill(OWNER)
    for name, request in REQUESTS.items():
        used: set[str] = set()
        for statement in request.send(api):
            for plan in plans(statement):
                assert [step for step in plan if SLOW.match(step)] == [], (name, statement)
                assert starts_after_a_row(plan) == ("&cursor" in request.path), (name, plan)
                used |= lookups(plan)
        assert used == ({request.looks_up} if request.looks_up else set()), name
