"""Tests of where a request in a buffer ends, however it is split (RFC 9112 §6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todo_project.server.framing import MAX_CHUNK_LINE, MAX_HEAD_SIZE, RequestBuffer, State

LIMIT = 100
"""The maximum size of a body."""

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

COMPLETE = {
    "no body": GET,
    "empty line before the request": b"\r\n" + GET,
    "body of length 0": POST + b"Content-Length: 0\r\n\r\n",
    "body": POST + b"content-length:  5 \r\n\r\nabcde",
    "longest body": POST + b"Content-Length: 100\r\n\r\n" + b"x" * 100,
    "chunks": CHUNKED + b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
    "chunk that looks like an end": CHUNKED + b"7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n",
    "trailers": CHUNKED + b"0\r\nX-A: b\r\n\r\n",
}
INVALID = {
    "line feed alone": b"GET / HTTP/1.1\n",
    "length that is no number": POST + b"Content-Length: x\r\n\r\n",
    "size of a chunk that is no number": CHUNKED + b"x\r\n",
    "line of a chunk that is too long": CHUNKED + b"1" * (MAX_CHUNK_LINE + 1),
}
TOO_LARGE = {
    "length": (POST + b"Content-Length: 101\r\n\r\n", State.BODY_TOO_LARGE),
    "length of 5,000 digits": (
        POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        State.BODY_TOO_LARGE,
    ),
    "chunk": (CHUNKED + b"65\r\n", State.BODY_TOO_LARGE),
    "chunks": (CHUNKED + b"32\r\n" + b"x" * 50 + b"\r\n33\r\n", State.BODY_TOO_LARGE),
    "head without end": (POST + b"x" * MAX_HEAD_SIZE, State.HEAD_TOO_LARGE),
    "head": (POST + b"A: " + b"x" * MAX_HEAD_SIZE + b"\r\n\r\n", State.HEAD_TOO_LARGE),
    "trailers": (CHUNKED + b"0\r\n" + b"x" * (MAX_HEAD_SIZE + 1), State.HEAD_TOO_LARGE),
}


def states(data: bytes, *positions: int) -> list[State]:
    """Return the state after each part of the data, split at the positions."""
    buffer = RequestBuffer(LIMIT)
    ends = [*sorted({each % len(data) for each in positions} - {0}), len(data)]
    return [buffer.append(data[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize("data", COMPLETE.values(), ids=COMPLETE)
def test_request_is_complete_at_its_last_byte(data: bytes) -> None:
    *others, last = states(data, *range(1, len(data)))
    assert set(others) <= {State.INCOMPLETE}
    assert last is State.COMPLETE


@given(data=st.sampled_from([*COMPLETE.values()]), positions=st.lists(st.integers(0, 500)))
def test_state_does_not_depend_on_how_a_request_is_split(
    data: bytes, positions: list[int]
) -> None:
    *others, last = states(data, *positions)
    assert set(others) <= {State.INCOMPLETE}
    assert last is State.COMPLETE


@pytest.mark.parametrize("data", COMPLETE.values(), ids=COMPLETE)
def test_request_is_complete_with_bytes_of_the_next(data: bytes) -> None:
    assert states(data + GET) == [State.COMPLETE]


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
def test_invalid_request_counts_as_complete(data: bytes) -> None:
    assert states(data)[-1] is State.COMPLETE


@pytest.mark.parametrize(("data", "state"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_request_over_a_limit_is_not_collected(data: bytes, state: State) -> None:
    assert states(data) == [state]
    assert states(data, *range(1, len(data), 997))[-1] is state


def test_body_of_tiny_chunks_is_limited_with_its_chunk_lines() -> None:
    data = CHUNKED + b"1;" + b"x" * 1000 + b"\r\n"
    chunks = (data if number == 0 else data[len(CHUNKED) :] for number in range(200))
    buffer = RequestBuffer(LIMIT)
    found = next(
        state
        for chunk in chunks
        if (state := buffer.append(chunk + b"y\r\n")) is not State.INCOMPLETE
    )
    assert found is State.BODY_TOO_LARGE


@pytest.mark.parametrize(
    ("header", "expects"),
    [(b"Expect: 100-continue", True), (b"expect:100-Continue", True), (b"X: 100-continue", False)],
)
def test_expectation_is_read(header: bytes, *, expects: bool) -> None:
    buffer = RequestBuffer(LIMIT)
    assert buffer.append(POST + header + b"\r\nContent-Length: 5\r\n\r\n") is State.INCOMPLETE
    assert buffer.expects_continue is expects
    assert buffer.has_head
