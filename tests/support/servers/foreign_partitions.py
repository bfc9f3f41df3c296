"""A table of tasks whose partitions are on three servers, and a fourth server that reads them.

postgres_fdw (https://www.postgresql.org/docs/current/postgres-fdw.html) is weaker than Citus, but
it is a part of PostgreSQL: docs/scaling.md says what it lacks.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from tests.support.distribution import documented_sql, partitioning
from tests.support.servers.cluster import ROLE, Cluster, primary, programs_of
from tests.support.servers.gunicorn import manage

VERSION = 18
"""Before PostgreSQL 18, the generic plan of an UPDATE connects to every server."""

SERVERS = 3

CONNECT = f"""
CREATE SERVER worker_{{number}} FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host '127.0.0.1', port '{{port}}', dbname 'postgres');
CREATE USER MAPPING FOR {ROLE} SERVER worker_{{number}}
    OPTIONS (user '{ROLE}', password_required 'false');
CREATE FOREIGN TABLE tasks_{{number}} PARTITION OF tasks
    FOR VALUES WITH (MODULUS {SERVERS}, REMAINDER {{number}})
    SERVER worker_{{number}} OPTIONS (table_name 'tasks')
"""


@contextmanager
def foreign_partitions() -> Iterator[tuple[Cluster, list[Cluster]]]:
    """Run the servers; yield the one that the service uses, and those of the partitions."""
    programs = programs_of(VERSION)
    assert programs.exists(), "run `make tests/compatibility/node_modules`"
    with ExitStack() as stack:
        coordinator, *workers = (
            stack.enter_context(primary(programs, fsync="off")) for _ in range(1 + SERVERS)
        )
        for cluster in (coordinator, *workers):
            manage(cluster.url, "migrate", "-v", "0")
        for worker in workers:
            _execute(worker, documented_sql("create_distributed_table")[:2])
        rename, create, *_ = partitioning()
        _execute(
            coordinator,
            [rename, create, "DROP TABLE tasks_before", f"ALTER TABLE tasks OWNER TO {ROLE}"],
        )
        _execute(coordinator, ["CREATE EXTENSION postgres_fdw"])
        for number, worker in enumerate(workers):
            _execute(coordinator, [CONNECT.format(number=number, port=worker.port)])
        yield coordinator, workers


def _execute(cluster: Cluster, statements: Sequence[str]) -> None:
    with cluster.connect() as session:
        for statement in statements:
            session.execute(statement.encode())
