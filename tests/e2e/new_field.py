"""Tests of the field that is named by NEW_FIELD; test_new_field.py runs them in a copy."""

import os
from pathlib import Path

import pytest

from tasks.api.examples import ALL_FIELDS
from tasks.models import COLUMNS, DEFAULTS, Task
from tests.support.admin import ADD_URL, CONFLICT, change_url, form_errors, load_form, submit
from tests.support.client import API, TASKS
from tests.support.commands import export_tasks, import_tasks
from tests.support.npm import CLIENT, npm
from tests.support.openapi import DOCUMENT, SCHEMAS
from tests.support.servers.gunicorn import serve

NAME = os.environ["NEW_FIELD"]
VALUE, DEFAULT = ALL_FIELDS[NAME], DEFAULTS[NAME]
INVALID = ["", "3", "2026-2-6", "20260206", "2026-02-30", True, 2.0, -1, 6, 10**30, [], {}]

CLIENT_TEST = """
import assert from "node:assert/strict";
import { createTask, createTodoClient, editTask } from "todo-client";
import { baseUrl } from "./service.js";

const client = createTodoClient({ baseUrl });
const task = await createTask(client, "new", { title: "a", NAME: VALUE });
assert.equal(task.NAME, VALUE);
const edited = await editTask(client, task, ({ NAME }) => {
  assert.equal(NAME, VALUE);
  return { NAME: DEFAULT };
});
assert.equal(edited.NAME, DEFAULT);
"""

pytestmark = pytest.mark.django_db


def test_requests_store_return_and_compare_it(api: API) -> None:
    body = {"title": "a", NAME: VALUE}
    created = api.send(201, "POST", TASKS, body, idempotency_key="k")
    assert list(created.json()) == list(COLUMNS)
    assert created.json()[NAME] == VALUE
    assert api.send(200, "GET", TASKS).json() == [created.json()]
    repeated = api.send(201, "POST", TASKS, body, idempotency_key="k")
    assert repeated["Idempotent-Replayed"] == "true"
    api.problem(422, "POST", TASKS, {"title": "a"}, idempotency_key="k")
    url, etag = created["Location"], created["ETag"]
    edited = api.send(200, "PATCH", url, {NAME: DEFAULT}, if_match=etag)
    assert edited.json()[NAME] == DEFAULT
    problem = api.problem(412, "PATCH", url, body, if_match=etag)
    assert problem["current"] == edited.json() == api.send(200, "GET", url).json()
    for value in INVALID:
        [error] = api.problem(400, "PUT", url, {NAME: value})["errors"]
        assert error["pointer"] == f"#/{NAME}"
    assert api.send(201, "POST", TASKS, {"title": "b"}).json()[NAME] == DEFAULT


def test_export_is_imported(api: API, tmp_path: Path) -> None:
    for body in (ALL_FIELDS, {"title": "a"}):
        api.send(201, "POST", TASKS, body)
    listed = api.send(200, "GET", TASKS).content
    file = tmp_path / "tasks.jsonl"
    file.write_bytes(export_tasks())
    Task.objects.all().delete()
    assert import_tasks(file)[1] == ""
    assert api.send(200, "GET", TASKS).content == listed


def test_admin_edits_it(admin: API, api: API) -> None:
    def stored() -> object:
        return api.send(200, "GET", "/api/bob/tasks").json()[0][NAME]

    initial = load_form(admin, ADD_URL)[NAME]
    assert initial == ("" if DEFAULT is None else str(DEFAULT))
    assert submit(admin, ADD_URL, user_id="bob", title="New") == []
    assert stored() == DEFAULT
    url = change_url(task := Task.objects.get())
    assert submit(admin, url, **{NAME: VALUE}) == []
    assert stored() == VALUE
    values = load_form(admin, url)
    for invalid in ("-1", "x", "9" * 30):
        assert len(submit(admin, url, **{NAME: invalid})) == 1
    api.send(200, "PATCH", f"/api/bob/tasks/{task.id}", {NAME: DEFAULT})
    shown = {None: "nothing"}.get(DEFAULT, DEFAULT)
    conflict = form_errors(admin.post(url, values | {"title": "Mine"}))
    assert sorted(conflict) == [f"Current value: {shown}", CONFLICT]
    assert stored() == DEFAULT


def test_document_describes_it() -> None:
    for schema in ("Task", "TaskCreate", "TaskUpdate"):
        assert NAME in SCHEMAS[schema]["properties"]
    examples = DOCUMENT["components"]["examples"]
    assert [name for name, each in examples.items() if NAME in each["value"]]


@pytest.mark.django_db(transaction=True)
def test_client_knows_it(tmp_path: Path) -> None:
    text = CLIENT_TEST.replace("NAME", NAME)
    for name, value in (("VALUE", VALUE), ("DEFAULT", DEFAULT)):
        text = text.replace(name, "null" if value is None else repr(value))
    (CLIENT / "tests" / "field.test.ts").write_text(text)
    with serve(tmp_path / "log") as base_url:
        npm(CLIENT, "test", TODO_API_URL=base_url)
