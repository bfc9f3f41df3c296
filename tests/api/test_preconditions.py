"""Tests of ETag, and of If-Match and If-None-Match on writes (RFC 9110 §8.8 and §13)."""

from datetime import timedelta, timezone
from time import process_time

import pytest

from tasks.models import Task
from tasks.queries import MATCHES_NOTHING, Precondition
from tests.support.client import API, STRANGER, TASKS, stored_rows, task_url
from tests.support.writes import SUCCESS_STATUS, WRITES

pytestmark = pytest.mark.django_db

OTHER_ZONE = timezone(timedelta(hours=-3, minutes=-30))

UNQUOTED, WEAK, FOREIGN = (
    f"If-Match contains {error}. "
    "Send the ETag header of the task, or its updated_at in double quotes."
    for error in (
        "no entity tag in double quotes",
        "only weak entity tags (W/), which never match",
        "no entity tag that a task can have",
    )
)
CONFLICT = "The task does not meet the condition in If-Match or If-None-Match."

each_write = pytest.mark.parametrize(("method", "end", "body"), WRITES)


def etag(api: API, task: Task) -> str:
    return f'"{api.send(200, "GET", task_url(task)).json()["updated_at"]}"'


def test_etag_is_updated_at_in_quotes(api: API) -> None:
    created = api.send(201, "POST", TASKS, {"title": "a"})
    path = created["Location"]
    for response in (
        created,
        api.send(200, "GET", path),
        api.send(200, "PATCH", path, {"title": "b"}),
        api.send(200, "PATCH", path, {}),
        api.send(200, "PATCH", f"{path}/complete"),
    ):
        assert response["ETag"] == f'"{response.json()["updated_at"]}"'
    assert api.send(200, "HEAD", path)["ETag"] == etag(api, Task.objects.get())


def test_response_to_put_has_no_etag(api: API, task: Task) -> None:
    assert "ETag" not in api.send(200, "PUT", task_url(task), {"title": "b"})


@each_write
@pytest.mark.parametrize("if_match", ["{}", "*", " * ", '"x", {}', '{}, "x"', "W/{}, {}", ",{},,"])
def test_matching_if_match_allows_the_write(
    api: API, task: Task, if_match: str, method: str, end: str, body: object
) -> None:
    if_match = if_match.format(*[etag(api, task)] * 2)
    api.send(SUCCESS_STATUS[method], method, task_url(task) + end, body, if_match=if_match)


@each_write
@pytest.mark.parametrize(
    ("if_match", "detail"),
    [
        ('"2026-02-06T10:30:00.123456Z"', CONFLICT),
        ('"0001-01-01T00:00:00Z"', CONFLICT),
        ('"9999-12-31T23:59:59.999999Z"', CONFLICT),
        ('W/{etag}, "x", "2026-02-06T10:30:00.123456Z"', CONFLICT),
        *((tag, UNQUOTED) for tag in ("{unquoted}", "'{unquoted}'", '"{unquoted}', "null")),
        *((tag, UNQUOTED) for tag in ("", " ", ",")),
        *((tag, WEAK) for tag in ("W/{etag}", 'W/"x", W/{etag}')),
        *((tag, FOREIGN) for tag in ('"{unquoted} "', '""', '"*"', 'W/{etag}, "x"')),
        *((tag, FOREIGN) for tag in ('"{with_offset}"', '"{with_other_offset}"')),
        ('"{with_lower_case}"', FOREIGN),
        ('"{with_comma}"', UNQUOTED),  # Django takes it for two
        *((tag, FOREIGN) for tag in ('"{without_zone}"', '"{with_space}"')),
        ('"0001-01-01T00:00:00+23:59"', FOREIGN),
        ('"9999-12-31T23:59:59.999999-23:59"', FOREIGN),
        ('"9999-12-31T24:00:00Z"', FOREIGN),
    ],
)
def test_other_if_match_returns_412_with_the_current_task(
    api: API, task: Task, if_match: str, detail: str, method: str, end: str, body: object
) -> None:
    current = api.send(200, "GET", task_url(task)).json()
    updated_at = current["updated_at"]
    if_match = if_match.format(
        etag=f'"{updated_at}"',
        unquoted=updated_at,
        with_offset=updated_at.replace("Z", "+00:00"),
        with_other_offset=task.updated_at.astimezone(OTHER_ZONE).isoformat(),
        with_lower_case=updated_at.lower(),
        with_comma=updated_at.replace(".", ","),
        without_zone=updated_at.removesuffix("Z"),
        with_space=updated_at.replace("T", " "),
    )
    problem = api.problem(412, method, task_url(task) + end, body, if_match=if_match)
    assert problem == {
        "type": "/problems/precondition-failed",
        "title": "Precondition failed",
        "status": 412,
        "detail": detail,
        "current": current,
    }


@each_write
@pytest.mark.parametrize("if_match", ["*", '"2026-02-06T10:30:00Z"', ""])
def test_if_match_on_a_missing_task_returns_404(
    api: API, task: Task, missing_url: str, if_match: str, method: str, end: str, body: object
) -> None:
    for path in (missing_url, f"/api/{STRANGER}/tasks/{task.id}"):
        problem = api.problem(404, method, path + end, body, if_match=if_match)
        assert problem["type"] == "/problems/not-found"


@each_write
def test_matching_if_none_match_on_a_write_returns_412(
    api: API, task: Task, method: str, end: str, body: object
) -> None:
    tag = etag(api, task)
    for if_none_match in ("*", tag, f"W/{tag}", f'"x", {tag}'):
        path = task_url(task) + end
        for if_match in ({}, {"if_match": "*"}, {"if_match": tag}):
            problem = api.problem(412, method, path, body, if_none_match=if_none_match, **if_match)
            assert (problem["current"]["id"], problem["detail"]) == (str(task.id), CONFLICT)
    api.send(SUCCESS_STATUS[method], method, task_url(task) + end, body, if_none_match='"x"')


def other_etags(task: Task, count: int) -> str:
    """Return a list of entity tags that the task does not have."""
    timestamps = [task.updated_at + timedelta(microseconds=number + 1) for number in range(count)]
    return ", ".join(f'"{timestamp:%Y-%m-%dT%H:%M:%S.%fZ}"' for timestamp in timestamps)


def test_number_of_bind_parameters_is_a_power_of_two(task: Task) -> None:
    timestamps = [task.updated_at + timedelta(microseconds=number) for number in range(64)]
    sizes = set()
    for count in range(1, 65):
        bound = set(Precondition((), timestamps[:count]).values.values())
        assert bound == {MATCHES_NOTHING, *timestamps[:count]}
        sizes.add(len(Precondition(timestamps[:count]).parameters[0]))
    assert sizes == {1, 2, 4, 8, 16, 32, 64}


def test_if_match_with_64_entity_tags_is_accepted(api: API, task: Task) -> None:
    for others in (other_etags(task, 64), ", ".join(["x"] * 64)):
        api.problem(412, "PATCH", task_url(task), {"title": "a"}, if_match=others)
    if_match = f"{other_etags(task, 63)}, {etag(api, task)}"
    api.send(200, "PATCH", task_url(task), {"title": "a"}, if_match=if_match)


def test_if_none_match_with_64_entity_tags_is_accepted(api: API, task: Task) -> None:
    if_none_match = f"{other_etags(task, 63)}, {etag(api, task)}"
    api.problem(412, "DELETE", task_url(task), if_none_match=if_none_match)
    api.send(304, "GET", task_url(task), if_none_match=if_none_match)
    api.send(204, "DELETE", task_url(task), if_none_match=other_etags(task, 64))


MORE_THAN_64 = "Must contain no more than 64 entity tags."


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "{task}", None),
        ("HEAD", "{task}", None),
        *((method, f"{{task}}{end}", body) for method, end, body in WRITES),
        ("GET", TASKS, None),
        ("HEAD", TASKS, None),
        ("POST", TASKS, {"title": "a"}),
        ("DELETE", f"{TASKS}?completed=false", None),
        ("GET", "{missing}", None),
        ("DELETE", "{missing}", None),
    ],
)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_more_than_64_entity_tags_return_400(
    api: API, task: Task, missing_url: str, header: str, method: str, path: str, body: object
) -> None:
    path = path.format(task=task_url(task), missing=missing_url)
    current = etag(api, task)
    for etags in (
        f"{other_etags(task, 64)}, {current}",
        ",".join([current] * 65),
        ",".join([f"W/{current}"] * 65),
        ",".join(["x"] * 65),
    ):
        before = stored_rows()
        response = api.send(400, method, path, body, **{header: etags})
        assert stored_rows() == before
        if method != "HEAD":
            problem = response.json()
            assert problem["type"] == "/problems/validation-error"
            assert problem["detail"] == f"{header}: {MORE_THAN_64}"
            assert problem["errors"] == [
                {"header": header, "code": "max_length", "detail": MORE_THAN_64}
            ]


def test_more_than_64_entity_tags_in_both_headers_are_reported_together(
    api: API, task: Task
) -> None:
    etags = ",".join(["x"] * 65)
    problem = api.problem(400, "GET", task_url(task), if_match=etags, if_none_match=etags)
    assert [error["header"] for error in problem["errors"]] == ["If-Match", "If-None-Match"]


@pytest.mark.parametrize("element", ['"x",', ",", '"', "W/", '",', '"2026-02-06T10:30:00Z",'])
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_long_header_takes_little_time(api: API, task: Task, header: str, element: str) -> None:
    value = element * (500_000 // len(element))
    for path in (task_url(task), TASKS):
        times = []
        for _ in range(3):
            started = process_time()
            response = api.call("GET", path, **{header: value})
            times.append(process_time() - started)
            assert response.status_code == (400 if "," in element else expected_status(header))
        assert min(times) < 0.2  # other programs on the machine can only add to the time


def expected_status(header: str) -> int:
    """Return the status of a read with a malformed entity tag."""
    return 412 if header == "If-Match" else 200
