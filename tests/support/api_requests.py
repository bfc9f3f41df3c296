"""Every kind of request to the API, with the number of its SQL statements and their index."""

import re
from dataclasses import dataclass, field, replace
from itertools import product

from tasks.api.examples import ALL_FIELDS
from tests.support.client import API, OWNER, TASKS, task_url
from tests.support.factories import TaskFactory
from tests.support.pages import next_url
from tests.support.query_plans import INDEX, KEY, Statement, recorded

BODY = {"title": "New"}
OTHER_USER = "user-2"  # has tasks, too
STALE = '"2026-02-06T10:30:00Z"'


@dataclass(frozen=True)
class Request:
    """A request and its expected statements.

    `{task}`, `{id}` and `{etag}` stand for the URL, the id and the entity tag of a new task.
    """

    status: int
    method: str
    path: str = "{task}"
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    statements: int = 1
    index: str = KEY

    def send(self, api: API) -> list[Statement]:
        """Send the request to a database with tasks; return its statements."""
        api.send(201, "POST", TASKS, BODY, idempotency_key="used")
        _, task = TaskFactory.create_batch(2, user_id=OWNER)
        etag = api.send(200, "GET", task_url(task))["ETag"]
        values = {"task": task_url(task), "id": task.id, "etag": etag}
        path = with_cursor(api, self.path.format(**values))
        headers = {name: value.format(**values) for name, value in self.headers.items()}
        with recorded() as statements:
            api.send(self.status, self.method, path, self.body, **headers)
        return statements


def with_cursor(api: API, path: str) -> str:
    """Return the path; if it ends with `&cursor`, with the cursor of the second page."""
    if "&cursor" not in path:
        return path
    first = re.sub(r"limit=\d+&cursor", "limit=1", path)
    [limit] = re.findall(r"limit=\d+", path)
    return (next_url(api.send(200, "GET", first)) or "").replace("limit=1", limit)


ONE_TASK = {
    "read": Request(200, "GET"),
    "put": Request(200, "PUT", body=BODY),
    "patch": Request(200, "PATCH", body=ALL_FIELDS),
    "patch without fields": Request(200, "PATCH", body={}),
    "toggle": Request(200, "PATCH", "{task}/complete"),
    "complete": Request(200, "PATCH", "{task}/complete", {"completed": True}),
    "delete": Request(204, "DELETE"),
}
MATCHING = {
    "": {},
    " with If-Match": {"if_match": "{etag}"},
    " with two entity tags in If-Match": {"if_match": f"{STALE}, {{etag}}"},
    " with If-Match *": {"if_match": "*"},
    " with If-None-Match": {"if_none_match": STALE},
    " with If-Match and If-None-Match": {"if_match": "{etag}", "if_none_match": STALE},
}
FAILING = {
    " with stale If-Match": {"if_match": STALE},
    " with malformed If-Match": {"if_match": "x"},
}


def create_requests() -> dict[str, Request]:
    """Return the requests that create a task."""
    new_key, used_key = {"idempotency_key": "{id}"}, {"idempotency_key": "used"}
    return {
        "create": Request(201, "POST", TASKS, BODY, index=""),
        "create with all fields": Request(201, "POST", TASKS, ALL_FIELDS, index=""),
        "create with Idempotency-Key": Request(201, "POST", TASKS, BODY, new_key, index=""),
        "repeat with Idempotency-Key": Request(201, "POST", TASKS, BODY, used_key, 2),
        "reuse Idempotency-Key": Request(422, "POST", TASKS, ALL_FIELDS, used_key, 2),
    }


def list_requests() -> dict[str, Request]:
    """Return the requests to the list, with every combination of parameters."""
    requests = {"delete by filter": Request(200, "DELETE", f"{TASKS}?completed=true", index=INDEX)}
    for completed, search, limit, cursor in product(
        ("", "completed=false&"),
        ("", "search=task&"),
        ("1", "100", "1000", "10000"),
        ("", "&cursor"),
    ):
        query = f"{completed}{search}limit={limit}{cursor}"
        requests[f"list {query}"] = Request(200, "GET", f"{TASKS}?{query}", index=INDEX)
    return requests


def task_requests() -> dict[str, Request]:
    """Return the requests to one task, under every precondition, and those of another user."""
    requests = {}
    for name, request in ONE_TASK.items():
        for condition, headers in MATCHING.items():
            requests[f"{name}{condition}"] = replace(request, headers=headers)
        for condition, headers in FAILING.items():
            requests[f"{name}{condition}"] = replace(
                request, status=412, headers=headers, statements=2
            )
        path = request.path.replace("{task}", f"/api/{OTHER_USER}/tasks/{{id}}")
        not_found = replace(request, status=404, path=path)
        requests[f"{name} as other user"] = not_found
        requests[f"{name} as other user with stale If-Match"] = replace(
            not_found, headers={"if_match": STALE}, statements=2
        )
    return requests


REQUESTS = create_requests() | list_requests() | task_requests()
