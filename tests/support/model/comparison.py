"""The service and its model, asked the same and compared."""

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant, multiple

from tests.support.client import API, OWNER
from tests.support.model.model import Answer, Condition, Cursor, Model, etag, refusal
from tests.support.model.strategies import OTHER, Aim
from tests.support.pages import next_url

PROMISED = ("ETag", "Location", "Idempotent-Replayed")
FOREIGN = '"2026-02-06T10:30:00Z"'
NOBODYS = (OWNER, "8c1a6e0e-3f0b-4d5e-9a55-0d3f5b6a7c11")


@dataclass(frozen=True)
class Link:
    """The way to the next page, as the service gave it, and what it means."""

    token: str
    parameters: dict[str, str]
    cursor: Cursor


class SideBySide(RuleBasedStateMachine):
    """Requests to both, and the demand that they agree."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.api = API()
        self.model = Model()
        self.etags: dict[str, list[str]] = defaultdict(list)
        self.pages: dict[tuple[str, str], tuple[str, object]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @invariant()
    def each_user_has_these_tasks_and_no_others(self) -> None:
        for user in OTHER:
            response = self.ask(user, "GET")
            answer = self.model.page(user, {})
            self.compare(response, replace(answer, headers={"ETag": response["ETag"]}))
        for task in self.model.tasks.values():
            if etag(task) not in self.etags[task["id"]][-1:]:
                self.etags[task["id"]].append(etag(task))

    def known(self) -> list[tuple[str, str]]:
        """Return owners and ids of tasks, most of which exist."""
        present = [(task["user_id"], each) for each, task in self.model.tasks.items()]
        return present * 3 + [(OWNER, each) for each in self.model.ids] + [NOBODYS]

    def ask(
        self, user: str, method: str, path: str = "", body: object = None, **headers: str
    ) -> Any:
        """Send a request, and see that the answer holds nothing of the other user."""
        response = self.api.call(method, f"/api/{user}/tasks{path}", body, **headers)
        raw = response.serialize().decode()
        theirs = [each for each, task in self.model.tasks.items() if task["user_id"] != user]
        assert [secret for secret in (OTHER[user], *theirs) if secret in raw] == []
        return response

    def go(self, aim: Aim, method: str, body: object = None, end: str = "") -> Any:
        """Send a request about a task; return what it demands, and the answer."""
        condition, headers = self.demand(aim)
        path = f"/{aim.task_id}{end}{aim.slash}"
        return condition, self.ask(aim.user, method, path, body, **headers)

    def demand(self, aim: Aim) -> tuple[Condition, dict[str, str]]:
        """Return the validators of a request, as the model takes them and as HTTP does."""
        seen = self.etags[aim.task_id] or [FOREIGN]
        now = seen[-1]
        known = {"now": now, "first": seen[0], "weak": f"W/{now}", "bare": now.strip('"')}
        match, none_match = (
            None if names is None else tuple(known.get(name, name) for name in names)
            for names in (aim.match, aim.none_match)
        )
        sent = {"if_match": match, "if_none_match": none_match}
        headers = {name: ", ".join(tags) for name, tags in sent.items() if tags is not None}
        return Condition(match, none_match), headers

    def look(self, user: str, method: str, given: dict[str, str], link: Link | None = None) -> Any:
        """Read a page under the ETag it had when last read; return the way to the next."""
        query = given | ({"cursor": link.token} if link else {})
        path = f"?{urlencode(query)}"
        answer = self.model.page(user, given, link.cursor if link else None)
        content = (json.dumps(answer.body), answer.more)
        tag, known = self.pages.get((user, path), ("", None))
        response = self.ask(user, method, path, **({"if_none_match": tag} if tag else {}))
        if answer.status == 200:
            answer = replace(answer, headers={"ETag": response["ETag"]})
            assert (response["ETag"] == tag) == (content == known)
            self.pages[user, path] = response["ETag"], content
        if content == known:
            answer = Answer(304, headers=answer.headers)
        self.compare(response, answer)
        if answer.more is None:
            return multiple()
        following = dict(parse_qsl(urlsplit(next_url(response) or "").query))
        assert following == given | {"cursor": following["cursor"]}
        strangers = self.ask(OTHER[user], method, f"?{urlencode(following)}")
        self.compare(strangers, refusal(400))
        return Link(following["cursor"], given, answer.more)

    def compare(self, response: Any, answer: Answer) -> None:
        """See that the service answered as the model does."""
        assert response.status_code == answer.status, response.content
        assert {name: response[name] for name in PROMISED if name in response} == answer.headers
        assert ("Link" in response) == (answer.more is not None)
        if answer.body is None or response.request["REQUEST_METHOD"] == "HEAD":
            assert response.content == b""
        elif answer.status < 400:
            assert response.json() == answer.body
        else:
            problem = response.json()
            told = {name: problem[name] for name in ("type", "current") if name in problem}
            assert told == answer.body
