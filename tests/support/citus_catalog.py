"""Schemas with the tables of a coordinator and of a worker of Citus, without Citus."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlencode, urlsplit

import psycopg

COORDINATOR = """
CREATE SCHEMA {name};
CREATE TABLE {name}.pg_dist_local_group AS SELECT 0 AS groupid;
CREATE TABLE {name}.pg_dist_node AS SELECT 1 AS nodeid, '{host}' AS nodename, 5432 AS nodeport
"""
"""The other tables are those in `public`."""

WORKER = """
CREATE SCHEMA {name};
CREATE TABLE {name}.pg_dist_local_group AS SELECT 1 AS groupid;
CREATE TABLE {name}.pg_dist_node AS SELECT 1 AS nodeid, '{host}' AS nodename, 5432 AS nodeport;
CREATE TABLE {name}.tasks (LIKE public.tasks INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
ALTER TABLE {name}.tasks ADD PRIMARY KEY (user_id, id);
CREATE INDEX tasks_newest_first ON {name}.tasks (user_id, created_at DESC, id DESC)
"""
"""A worker has the distributed table, and none of the others."""


def with_search_path(url: str, path: str) -> str:
    """Return the URL with this `search_path` for its sessions."""
    parts = urlsplit(url)
    option = urlencode({"options": f"-c search_path={path}"}, quote_via=quote)
    return parts._replace(query="&".join(filter(None, [parts.query, option]))).geturl()


@contextmanager
def citus_catalog(url: str, host: str = "coordinator.internal") -> Iterator[tuple[str, str]]:
    """Create both schemas in the database; yield the URLs of the coordinator and of a worker."""
    suffix = host.partition(".")[0]
    names = [f"coordinator_{suffix}", f"worker_{suffix}"]
    with psycopg.connect(url, autocommit=True) as session:
        for name, sql in zip(names, (COORDINATOR, WORKER), strict=True):
            session.execute(sql.format(name=name, host=host).encode())
        try:
            yield with_search_path(url, f"{names[0]},public"), with_search_path(url, names[1])
        finally:
            session.execute(f"DROP SCHEMA {names[0]}, {names[1]} CASCADE".encode())
