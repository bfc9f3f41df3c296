"""This worker answers the same bytes as stock gthread does, in whatever pieces they arrive.

Where the two differ on purpose, a rule of `expected_outcome` says how and why. All else has to be
equal: the answers, their order, and what the application has executed.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from time import process_time
from typing import Any

import pytest
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from tests.support.http_messages import LAST, Message, generate
from tests.support.servers.differential import (
    LENGTH,
    Answer,
    Call,
    Outcome,
    Server,
    finish,
    running_server,
    to_json,
)
from tests.support.servers.worker import Worker
from todo_project.server import connection

pytestmark = pytest.mark.once

FIRST, END = map(int, os.environ.get("DIFFERENTIAL_MESSAGES", "0-200").split("-"))
"""Which messages are generated. A failure names the one to repeat."""

BATCH = 8
"""How many messages are sent at once."""

BARE_LF = re.compile(rb"(?<!\r)\n")

MAX_SINGLE_BYTES = 2048

HEAD_TOO_LARGE = Answer(
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
    b"Content-Type: text/html\r\n\r\n",
    b"",
)


class StockWorker(ThreadWorker):
    """gunicorn's own worker, without its log of invalid requests."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.log.error_log.disabled = True


CODING = b"\r\nTransfer-Encoding: chunked"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    """Run this worker, and gthread.

    Many messages have to end with the client's FIN, after which this worker might take the client
    for gone.
    """
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        running_server(Worker) as ours,
        running_server(StockWorker) as stock,
    ):
        monkeypatch.setattr(connection, "HALF_CLOSE_GRACE", 1000)
        yield ours, stock


def broke_off(call: Call) -> bool:
    """Return whether the client has ended the connection before the end of the body."""
    if call.error:
        missing = getattr(call.error, "term", b"..")
        return not isinstance(call.error, ParseException) or len(missing) < 2
    return len(call.body or b"") < int(call.request.get("CONTENT_LENGTH", 0))


def is_compressed(request: dict[str, Any]) -> bool:
    """Return whether the transfer coding is not only chunked (RFC 9112 §7)."""
    codings = request.get("HTTP_TRANSFER_ENCODING", "").lower().split(",")
    return bool({"compress", "deflate", "gzip"} & {each.strip() for each in codings})


def with_length(request: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Return the environ of a request whose body was chunked as this worker passes it on."""
    others = {name: value for name, value in request.items() if name != "HTTP_TRANSFER_ENCODING"}
    return others | {"CONTENT_LENGTH": str(len(body))}


def with_known_length(answer: Answer) -> Answer:
    """Return an answer that was chunked as this worker sends it."""
    if CODING not in answer.head:
        return answer
    head = answer.head.replace(CODING, b"").removesuffix(b"\r\n")
    return Answer(head + b"Content-Length: %d\r\n\r\n" % len(answer.body), answer.body)


def refusal(request: dict[str, Any], status: int) -> tuple[Answer, Call]:
    """Return what comes of a request that is not executed."""
    version = request["SERVER_PROTOCOL"]
    head = f"{version} {status} Refused\r\nServer: gunicorn\r\nConnection: close\r\n"
    return Answer(f"{head}Content-Length: 0\r\n\r\n".encode(), b""), Call(request, refused=status)


def expected_outcome(
    message: Message, stock: Outcome, counts: Counter[str]
) -> tuple[list[Answer], list[Call]]:
    """Return the outcome of this worker, given that of gthread.

    These are all differences; each has its reason.
    """
    answers: list[Answer] = []
    calls: list[Call] = []
    remaining = iter(stock.answers)
    for index, call in enumerate(stock.calls):
        interim = []
        while (answer := next(remaining, None)) and answer.status == 100:
            interim.append(answer)
        request, body = call.request, call.body or b""
        is_chunked = "HTTP_TRANSFER_ENCODING" in request
        # A client could make the event loop keep up to 800 kB of headers.
        if message.special == (index, 431):
            counts["rule: head over 32 KiB, 431"] += 1
            return [*answers, HEAD_TOO_LARGE], calls
        # The event loop keeps the body. It is not received if its length is known before.
        if message.special == (index, 413):
            counts["rule: body over the limit, 413"] += 1
            answer, refused = refusal(request, 413)
            return [*answers, *(interim if is_chunked else []), answer], [*calls, refused]
        # gthread executes what has arrived (a length), or gives no answer, or 400 (chunked).
        # And it passes a compressed body on, which the application does not know.
        if is_compressed(request) or broke_off(call):
            counts["rule: body that is compressed or breaks off, 400 from the application"] += 1
            answer, refused = refusal(request, 400)
            return [*answers, *([] if is_compressed(request) else interim), answer], [
                *calls,
                refused,
            ]
        answers += interim
        # The body is read before the application is called, which need not read it.
        if call.error:
            counts["rule: invalid body, 400 without a call of the application"] += 1
            return [*answers, *filter(None, [answer])], calls
        assert answer
        # The application need not know how the body was sent.
        if is_chunked:
            counts["rule: chunked body passed on with its length"] += 1
            request = with_length(request, body)
            content = to_json(request, body)
            length = b"\r\nContent-Length: %d" % len(content)
            is_head = request["REQUEST_METHOD"] == "HEAD"
            answer = Answer(LENGTH.sub(length, answer.head), b"" if is_head else content)
        calls.append(Call(request, body))
        # The response is sent when it is complete, so its length is known.
        counts["rule: response with its length"] += CODING in answer.head
        answer = with_known_length(answer)
        # gthread reads only the first header, and knows only one option (RFC 9110 §7.6.1).
        options = [each.strip() for each in request.get("HTTP_CONNECTION", "").lower().split(",")]
        if "close" in options:
            head = answer.head.replace(b"\r\nConnection: keep-alive", b"\r\nConnection: close")
            counts["rule: Connection with close among others"] += head != answer.head
            return [*answers, Answer(head, answer.body)], calls
        answers.append(answer)
    errors = list(remaining)
    if errors and message.special == (len(calls), 431):
        counts["rule: head over 32 KiB, 431"] += 1
        errors = [HEAD_TOO_LARGE]
    return answers + errors, calls


def shortened(data: bytes) -> bytes:
    """Return the message for gthread.

    gunicorn checks the length of a chunk line only while its end is missing: gthread accepts a
    line over 8190 bytes at once, and rejects it in pieces.
    """
    return re.sub(rb";e{4000,}", b";e", data)


def choose_pieces(random: Random, data: bytes) -> list[list[int]]:
    """Return the sizes of pieces: all at once, byte by byte, and cut at random.

    Of a long message only a part comes byte by byte. Half of the cuts are around line ends.
    """
    start = random.randrange(max(1, len(data) - MAX_SINGLE_BYTES))
    single = [start, *[1] * MAX_SINGLE_BYTES] if start else [1] * MAX_SINGLE_BYTES
    places = {0, len(data)}
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        place = random.randrange(len(data) + 1)
        if random.randrange(2):
            place = max(0, data.find(b"\n", place) + random.choice((-1, 0, 1)))
        places.add(place)
    cuts = sorted(places)
    return [[], single, [end - start for start, end in pairwise(cuts)]]


def without_text(outcome: Outcome) -> list[Answer]:
    """Return the answers without the text of error pages.

    It has sizes of what had arrived.
    """
    return [each.without_text for each in outcome.answers]


def without_errors(outcome: Outcome) -> list[Answer | None]:
    """Return the answers without the error pages at their end.

    gunicorn looks for a bare LF as each piece arrives, and for other errors at the end of a head.
    So its error depends on the pieces if there are two: 400 for the LF, or 414, 417 or 431. All of
    them close the connection.
    """
    return [None if each.is_error_page else each for each in outcome.answers]


class Comparison:
    """Sends messages to both workers, and counts what is not equal."""

    def __init__(self, ours: Server, stock: Server) -> None:
        self.ours = ours
        self.stock = stock
        self.counts = Counter[str]()
        self.failures: list[str] = []

    def run(self, messages: dict[str, tuple[Message, list[list[int]]]]) -> None:
        """Send these messages, each in all of these ways."""
        sent = {
            name: [
                (
                    self.ours.send(message.data, pieces, ends=message.ends),
                    self.stock.send(shortened(message.data), pieces, ends=message.ends),
                )
                for pieces in ways
            ]
            for name, (message, ways) in messages.items()
        }
        finish(each for ways in sent.values() for pair in ways for each in pair)
        for name, (message, _) in messages.items():
            outcomes = [(ours.outcome, stock.outcome) for ours, stock in sent[name]]
            self.counts["messages"] += 1
            self.counts["connections"] += 2 * len(outcomes)
            try:
                self.compare(message, outcomes)
            except (AssertionError, ValueError) as error:
                self.failures.append(f"{name}: {message}\n{error}")

    def compare(self, message: Message, outcomes: list[tuple[Outcome, Outcome]]) -> None:
        """Compare what has come of a message."""
        assert all(each.is_closed for pair in outcomes for each in pair), "no answer in time"
        for ours, stock in outcomes:
            expected, calls = expected_outcome(message, stock, self.counts)
            assert without_text(ours) == [each.without_text for each in expected]
            assert ours.calls == calls
            self.counts["answers"] += len(expected)
            self.counts["executed"] += sum(not each.refused for each in calls)
            self.counts["error pages"] += any(each.is_error_page for each in ours.answers)
        for name, (first, *others) in {
            "this worker": [each for each, _ in outcomes],
            "gthread": [each for _, each in outcomes],
        }.items():
            for other in others:
                if without_text(other) != without_text(first):
                    self.counts[f"another error of {name} in other pieces"] += 1
                    assert BARE_LF.search(message.data)
                    assert without_errors(other) == without_errors(first)
                executed = [each for each in first.calls if each.error is None]
                assert [each for each in other.calls if each.error is None] == executed


def test_generated_messages_get_the_same_answers(servers: tuple[Server, Server]) -> None:
    comparison = Comparison(*servers)
    for start in range(FIRST, END, BATCH):
        generated = {}
        for number in range(start, min(END, start + BATCH)):
            message = generate(str(number))
            ways = choose_pieces(Random(number), message.data)
            generated[f"DIFFERENTIAL_MESSAGES={number}-{number + 1}"] = message, ways
        comparison.run(generated)
    print(*(f"\n{count:>9,} {name}" for name, count in sorted(comparison.counts.items())))
    assert not comparison.failures, "\n\n".join(comparison.failures)


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        POST + b"Content-Length: %025d\r\n\r\n" % len(SMUGGLED) + SMUGGLED + LAST,
        CHUNKED + b"%025x;a=b\r\n%b\r\n000\r\nX: y\r\n\r\n" % (len(SMUGGLED), SMUGGLED) + LAST,
        CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n" + SMUGGLED + LAST,
        POST
        + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + SMUGGLED
        + LAST,
        POST + b"Content-Length: 0\r\nX: a\r\n b\r\n\r\n" + SMUGGLED + LAST,
        CHUNKED + b"1\r\nab\r\n0\r\n\r\n" + SMUGGLED + LAST,
        b"\r\n" + SMUGGLED + b"\r\n" + SMUGGLED + LAST.replace(b"close", b"x, close") + SMUGGLED,
        POST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\na" + LAST,
    ],
)
def test_message_gets_the_same_answers_wherever_it_is_cut(
    servers: tuple[Server, Server], data: bytes
) -> None:
    comparison = Comparison(*servers)
    ways = [[place, len(data) - place] for place in range(1, len(data))]
    comparison.run({"": (Message(data), ways)})
    assert comparison.failures == []


def test_gthread_rejects_a_long_chunk_line_only_in_pieces(
    servers: tuple[Server, Server],
) -> None:
    data = CHUNKED + b"1;" + b"e" * (8190 - 2) + b"\r\na\r\n0\r\n\r\n" + LAST
    pieces = [len(CHUNKED), 8191]
    connections = [
        server.send(data, way, ends=True) for server in servers for way in ([len(CHUNKED)], pieces)
    ]
    finish(connections)
    statuses = [[answer.status for answer in each.outcome.answers] for each in connections]
    assert statuses == [[200, 200], [200, 200], [200, 200], [400]]


def test_tiny_chunks_cost_no_more_than_in_gthread(servers: tuple[Server, Server]) -> None:
    """gunicorn copies the rest of what it has received for each chunk."""
    data = CHUNKED + b"1\r\na\r\n" * 32_700 + b"0\r\n\r\n" + LAST
    fastest = []
    for server in servers:
        times = []
        for _ in range(3):
            start = process_time()
            sent = server.send(data, [], ends=True)
            finish([sent])
            times.append(process_time() - start)
            assert [each.status for each in sent.outcome.answers] == [200, 200]
        fastest.append(min(times))
    assert fastest[0] / fastest[1] < 3
