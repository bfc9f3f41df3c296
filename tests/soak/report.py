"""The result of a run, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.soak.client import SoakClient
from tests.soak.ledger import MAX_EXAMPLES
from tests.soak.resources import Resources

FAULTS = ("lost", "doubled", "wrong")
MB = 1_000_000


@dataclass
class Report:
    """The counts of all clients, the failures, and the resources at start and end."""

    clients: Sequence[SoakClient]
    seconds: float = 0
    events: Counter[str] = field(default_factory=Counter)
    resources: list[Resources] = field(default_factory=list)

    @property
    def acknowledged(self) -> Counter[str]:
        """The number of acknowledged writes of each kind."""
        return _sum(client.ledger.acknowledged for client in self.clients)

    @property
    def faults(self) -> Counter[str]:
        """The number of faults of each kind."""
        return _sum(client.ledger.faults for client in self.clients)

    @property
    def unexpected(self) -> Counter[str]:
        """The number of unexpected responses of each status."""
        return _sum(client.connection.unexpected for client in self.clients)

    @property
    def passed(self) -> bool:
        """Whether there was neither a fault nor an unexpected response."""
        return not (self.faults or self.unexpected)

    def __str__(self) -> str:
        """Return all counts, one a line, and examples of the faults."""
        examples = [example for client in self.clients for example in client.ledger.examples]
        return "\n".join((*self._counts(), "", *self._resources(), *examples[:MAX_EXAMPLES]))

    def _counts(self) -> Iterator[str]:
        acknowledged = self.acknowledged.total()
        rate = f"{acknowledged / self.seconds:.0f} per second for {self.seconds:.0f} s"
        yield _line("acknowledged", acknowledged, f"{rate}: {_list(self.acknowledged)}")
        for fault in FAULTS:
            yield _line(fault, self.faults[fault])
        ledgers = [client.ledger for client in self.clients]
        found = sum(ledger.found for ledger in ledgers)
        unknown = sum(len(ledger.unanswered) for ledger in ledgers)
        yield _line("unknown", unknown, f"creates without response, of which {found} are stored")
        unanswered = _sum(client.connection.unanswered for client in self.clients)
        yield _line("unanswered", unanswered.total(), _list(unanswered))
        yield _line("unexpected", self.unexpected.total(), _list(self.unexpected))
        yield _line("failures", self.events.total(), _list(self.events))

    def _resources(self) -> Iterator[str]:
        yield f"{'':40}{'start':>10}{'end':>10}"
        rows = zip(*(_rows(each) for each in self.resources), strict=True)
        for (name, start), (_, end) in rows:
            yield f"{name:40}{start:>10}{end:>10}"


def _rows(resources: Resources) -> Iterator[tuple[str, str]]:
    """Yield the names and values of the table of resources."""
    ages, memory, files = resources.ages, resources.memory, resources.files
    yield "workers", f"{len(ages)}"
    yield "age of the oldest worker", f"{max(ages):.0f} s"
    yield "resident memory of all workers", f"{sum(memory) / MB:.1f} MB"
    yield "resident memory of the largest worker", f"{max(memory) / MB:.1f} MB"
    yield "open files of all workers", f"{sum(files)}"
    yield "maximum of open files of a worker", f"{max(files)}"
    yield "sessions of the database", f"{len(resources.statements)}"
    yield "maximum of prepared statements", f"{max(resources.statements, default=0)}"


def _line(name: str, number: int, details: str = "") -> str:
    return f"{name:12} {number:>10,}  {details}".rstrip()


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{name}: {number:,}" for name, number in sorted(counts.items()))


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counters, Counter[str]())
