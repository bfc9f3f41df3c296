"""The response times of this service as the table grows."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.cookiejar import CookieJar
from itertools import product
from statistics import median
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from tqdm import tqdm

from benchmarks.client import median_time
from benchmarks.database import Database, manage
from benchmarks.load import MAX_RATE, load
from benchmarks.operations import OPERATIONS, Operation, Request, mixed
from benchmarks.servers import SERVICE, Server, serve

ADMIN = "first page of the admin"
PAGES = 5
"""The number of requests for it in a round."""

Measurement = Callable[[Server, Database], float]
"""A function that returns a median time in milliseconds."""


@dataclass(frozen=True)
class Growth:
    """The median times of one operation in milliseconds: by size, one per round."""

    operation: str
    times: dict[int, list[float]]

    def median_of(self, size: int) -> float:
        """Return the median of the rounds at a size."""
        return median(self.times[size])

    def factor(self, size: int) -> float:
        """Return the time at a size divided by that at the smallest: the median of the rounds."""
        pairs = zip(self.times[size], self.times[min(self.times)], strict=True)
        return median(large / small for large, small in pairs)


def measure_growth(databases: Iterable[Database], rounds: int) -> list[Growth]:
    """Measure every operation on every database, alternately, in several rounds."""
    with ExitStack() as stack:
        services = [(stack.enter_context(serve(SERVICE, each.url)), each) for each in databases]
        pages = {server.port: _admin_page(server, database) for server, database in services}
        measures: dict[str, Measurement] = {
            operation.name: partial(_time_of, operation) for operation in OPERATIONS
        }
        measures[ADMIN] = lambda server, _: median_time(server, [pages[server.port]], 200, PAGES)
        results = {
            name: Growth(name, {database.size: [] for _, database in services})
            for name in measures
        }
        for server, database in services:
            load(server, mixed(database, MAX_RATE), seconds=1)
            database.restore()
        schedule = list(product(range(rounds), measures.items(), services))
        for _, (name, measure), (server, database) in tqdm(schedule, "growth"):
            results[name].times[database.size].append(measure(server, database))
            database.restore()
    return list(results.values())


def _time_of(operation: Operation, server: Server, database: Database) -> float:
    requests = operation.requests(database, MAX_RATE)
    return load(server, requests, seconds=1, connections=1).p50


def _admin_page(server: Server, database: Database) -> Request:
    """Create a superuser, log in, and return the request for the list of tasks."""
    account = {"username": "bench", "password": "only-for-benchmarks"}
    manage(
        database.url,
        *("createsuperuser", "--no-input", "--username", account["username"], "--email", ""),
        DJANGO_SUPERUSER_PASSWORD=account["password"],
    )
    cookies = CookieJar()
    browser = build_opener(HTTPCookieProcessor(cookies))
    path = "/admin/tasks/task/"
    form = f"http://127.0.0.1:{server.port}/admin/login/?next={path}"
    browser.open(form).close()
    [token] = [cookie.value for cookie in cookies if cookie.name == "csrftoken"]
    browser.open(form, urlencode(account | {"csrfmiddlewaretoken": token}).encode()).close()
    cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)
    return Request("GET", path, headers={"Cookie": cookie})
