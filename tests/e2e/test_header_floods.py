"""Tests of requests with as many header bytes as a client likes: bounded memory, no failure."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic
from uuid import uuid4

from tests.support.servers.gunicorn import Instance
from tests.support.servers.http_client import Client

ROUNDS = 40
LINE_SIZE = 7_500
"""Bytes of a header line; gunicorn accepts 8,190."""

ITEMS = {
    "If-Match": '"2026-02-06T10:30:00.{:06}Z"',
    "If-None-Match": 'W/"{:032x}"',
    "Accept": "a{}/b;q=0.5",
    "Accept-Encoding": "x{};q=0.1",
}
"""A distinct list item for each number, by header."""

MAX_GROWTH = 10_000_000
"""Bytes that a worker may grow."""


def memory(service: Instance) -> int:
    """Return the resident memory of the largest worker, in bytes."""
    statuses = (Path(f"/proc/{pid}/status").read_text() for pid in service.workers)
    return max(1024 * int(each.partition("VmRSS:")[2].split()[0]) for each in statuses)


def flood(client: Client, header: str, size: int) -> Iterator[int | str]:
    """Send requests with `size` bytes of a header; yield the statuses."""
    items, path = ITEMS[header], f"/api/{uuid4()}/tasks"
    for number in range(ROUNDS):
        first = number * 100_000
        count = LINE_SIZE // (len(items.format(0)) + 8)
        line = ", ".join(items.format(first + each) for each in range(count))
        headers = [(header, line)] * (size // LINE_SIZE)
        yield client.send_lines("GET", path, headers)


def test_header_floods_are_bounded(service: Instance) -> None:
    with closing(Client(service.port)) as client:
        for header in ITEMS:
            [*flood(client, header, LINE_SIZE)]  # warm up
        before, slowest = memory(service), 0.0
        statuses: dict[str, Counter[int | str]] = {}
        for header in ITEMS:
            for size in (30_000, 500_000):
                start = monotonic()
                statuses[f"{header} {size}"] = Counter(flood(client, header, size))
                slowest = max(slowest, (monotonic() - start) / ROUNDS)
        grown = memory(service) - before
    print(f"grown {grown / 1e6:.1f} MB, at most {1000 * slowest:.0f} ms a request: {statuses}")
    assert grown < MAX_GROWTH
    assert statuses == {
        f"{header} {size}": {431 if size > 32_768 else expected: ROUNDS}
        for header, expected in zip(ITEMS, (400, 400, 406, 200), strict=True)
        for size in (30_000, 500_000)
    }
