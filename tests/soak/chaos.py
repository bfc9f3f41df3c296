"""The failures: killed workers, killed databases, failovers and deployments."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from threading import Event
from time import monotonic

from tests.soak.servers import Databases, Service

WORKER_INTERVAL = (2, 6)
"""The minimum and maximum of the seconds between two killed workers."""

RESTART_INTERVAL = FAILOVER_INTERVAL = DEPLOYMENT_INTERVAL = 180
"""Seconds between two of each, on average."""

PARTITION = 1
"""Seconds between the loss of the standby and the loss of the primary."""


class Chaos:
    """Causes failures until a time has passed, or until `stopped` is set."""

    def __init__(
        self, databases: Databases, service: Service, seconds: float, seed: str, stopped: Event
    ) -> None:
        self.events: Counter[str] = Counter()
        self._databases = databases
        self._service = service
        self._seconds = seconds
        self._end = monotonic() + seconds
        self._random = Random(seed)
        self._stopped = stopped

    def kill_workers(self) -> None:
        """Kill a worker every few seconds."""
        random = Random(self._random.random())
        while self._wait_until(monotonic() + random.uniform(*WORKER_INTERVAL)):
            # The instance, or the worker, may just have ended.
            with suppress(FileNotFoundError, ProcessLookupError, IndexError):
                os.kill(random.choice(self._service.instance.workers), signal.SIGKILL)
                self.events["workers killed"] += 1

    def replace_servers(self) -> None:
        """Restart the database, fail over and deploy, evenly spaced and in random order."""
        intervals: dict[Callable[[], None], float] = {
            self.restart_database: RESTART_INTERVAL,
            self.fail_over: FAILOVER_INTERVAL,
            self.deploy: DEPLOYMENT_INTERVAL,
        }
        actions = [
            action
            for action, interval in intervals.items()
            for _ in range(max(1, round(self._seconds / interval)))
        ]
        self._random.shuffle(actions)
        pause = self._seconds / (len(actions) + 1)
        start = self._end - self._seconds
        for number, action in enumerate(actions, 1):
            if self._wait_until(start + number * pause):
                action()
        self._wait_until(self._end)

    def restart_database(self) -> None:
        """Kill the primary and start it again."""
        self._databases.restart()
        self.events["database restarts"] += 1

    def fail_over(self) -> None:
        """Disconnect the standby, then kill the primary and promote the standby."""
        self._databases.disconnect_standby()
        self._stopped.wait(PARTITION)
        self._databases.fail_over()
        self.events["failovers"] += 1

    def deploy(self) -> None:
        """Replace the instance of the service."""
        self._service.deploy()
        self.events["deployments"] += 1

    def _wait_until(self, time: float) -> bool:
        """Wait until then or until the end; return whether more failures are to come."""
        self._stopped.wait(max(0, min(time, self._end) - monotonic()))
        return time <= self._end and not self._stopped.is_set()
