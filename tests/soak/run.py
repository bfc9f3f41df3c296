"""A run: start the servers, let clients write during the failures, and compare the database."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

from tqdm import tqdm

from tests.soak.chaos import Chaos
from tests.soak.client import SoakClient
from tests.soak.report import Report
from tests.soak.resources import measure
from tests.soak.servers import VARIABLES, Databases, Service
from tests.support.servers.gunicorn import manage, wait_until

WARM_UP_WRITES = 100
"""Acknowledged writes of each client before the first and after the last failure."""

RECOVERY_TIME = 60
"""Seconds within which each client must have these writes acknowledged."""

REFRESH_INTERVAL = 0.5
BAR_FORMAT = "{percentage:3.0f} %|{bar}| {elapsed}<{remaining}{postfix}"


@dataclass(frozen=True)
class Plan:
    """What to run. `synchronous` and `with_keys` are false to provoke faults."""

    seconds: float
    clients: int
    seed: str
    synchronous: bool = True
    with_keys: bool = True


def soak(plan: Plan, logs: Path, is_interrupted: Callable[[], bool]) -> Report | None:
    """Return the result, or None if the run was interrupted."""
    with ExitStack() as servers:
        databases = Databases(servers, synchronous=plan.synchronous)
        manage(databases.url, "migrate", "-v", "0", **VARIABLES)
        service = Service(servers, databases.url, logs)
        stopped, halted = Event(), Event()
        clients = _clients(servers, service.port, plan, stopped)
        report, start = Report(clients), monotonic()
        with _threads(stopped, *(client.run for client in clients)) as running:
            _wait_for_writes(clients, running)
            report.resources.append(measure(service, databases))
            chaos = Chaos(databases, service, plan.seconds, plan.seed, halted)
            with _threads(halted, chaos.kill_workers, chaos.replace_servers) as failing:
                _show_progress(clients, plan.seconds, running, failing, is_interrupted)
            if is_interrupted():
                return None
            _wait_for_writes(clients, running)
            report.resources.append(measure(service, databases))
        report.seconds, report.events = monotonic() - start, chaos.events
        for client in clients:
            client.compare()
    return report


def _clients(servers: ExitStack, port: int, plan: Plan, stopped: Event) -> list[SoakClient]:
    """Return the clients. Their connections are closed before the load balancer, which waits."""
    clients = [
        SoakClient(number, port, plan.seed, stopped, with_keys=plan.with_keys)
        for number in range(plan.clients)
    ]
    for client in clients:
        servers.enter_context(closing(client.connection))
    return clients


@contextmanager
def _threads(stop: Event, *functions: Callable[[], None]) -> Iterator[list[Future[None]]]:
    """Run functions, each in a thread, until the block ends; raise what they raise."""
    with ThreadPoolExecutor(len(functions)) as pool:
        futures = [pool.submit(function) for function in functions]
        try:
            yield futures
        finally:
            stop.set()
    for future in futures:
        future.result()


def _wait_for_writes(clients: Sequence[SoakClient], running: Sequence[Future[None]]) -> None:
    """Return when each client has had more writes acknowledged, or when one has failed."""
    goals = [client.acknowledged + WARM_UP_WRITES for client in clients]

    def is_reached() -> bool:
        reached = (
            client.acknowledged >= goal for client, goal in zip(clients, goals, strict=True)
        )
        return all(reached) or any(future.done() for future in running)

    wait_until(is_reached, RECOVERY_TIME)


def _show_progress(
    clients: Sequence[SoakClient],
    seconds: float,
    running: Sequence[Future[None]],
    failing: Sequence[Future[None]],
    is_interrupted: Callable[[], bool],
) -> None:
    """Show the counts on a terminal, until the failures end, a thread fails, or a signal."""
    start, total = monotonic(), round(seconds)
    with tqdm(total=total, disable=None, bar_format=BAR_FORMAT) as bar:
        while not (is_interrupted() or all(future.done() for future in failing)):
            done, _ = wait((*failing, *running), REFRESH_INTERVAL)
            if any(future.exception() for future in done):
                break
            acknowledged = sum(client.acknowledged for client in clients)
            faults = sum(client.ledger.faults.total() for client in clients)
            bar.set_postfix(acknowledged=acknowledged, faults=faults, refresh=False)
            bar.update(min(round(monotonic() - start), total) - bar.n)
