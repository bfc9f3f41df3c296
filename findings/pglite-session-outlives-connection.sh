#!/usr/bin/env bash
# The session of PGlite's socket server, after a client has disconnected.
#
# One would guess: a client that connects gets a session of its own, as from any server that speaks
# PostgreSQL's protocol. When it disconnects, its prepared statements, its settings and its temporary
# tables are gone (https://www.postgresql.org/docs/current/sql-prepare.html: "Prepared statements
# only last for the duration of the current database session").
#
# What happens: the server has one session, which starts with the process. The next client finds the
# prepared statements, the settings and the temporary tables of the last one. psycopg numbers its
# prepared statements from 0 in each connection, so the second client that prepares a statement fails
# with "already exists". Remedy: DISCARD ALL after connecting, or no prepared statements.
#
# Versions: @electric-sql/pglite 0.5.14, @electric-sql/pglite-socket 0.2.17, psycopg 3.3.9.
#
# It needs Node 20, npm and pip; about 50 MB and 30 seconds. It listens on 127.0.0.1 only.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT

cd "$folder"
npm install --silent --no-save @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17
python3 -m venv venv
venv/bin/pip install --quiet 'psycopg[binary]==3.3.9'
node node_modules/.bin/pglite-server --port 56820 >server.txt 2>&1 &
server=$!
for _ in $(seq 100); do
  grep -q listening server.txt && break
  sleep 0.2
done

venv/bin/python - <<'PYTHON'
import time

import psycopg

URL = "postgresql://postgres@127.0.0.1:56820/postgres?sslmode=disable"
STATE = """
SELECT (SELECT array_agg(name) FROM pg_prepared_statements), current_setting('statement_timeout'),
       to_regclass('pg_temp.basket') IS NOT NULL
"""


def connect():
    """Connect as soon as the server has noticed that the last client is gone."""
    for _ in range(50):
        try:
            return psycopg.connect(URL, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("The server accepts no connection.")


def state(connection):
    return connection.execute(STATE, prepare=False).fetchone()


with connect() as first:
    print("version:", first.execute("SHOW server_version").fetchone()[0])
    assert state(first) == (None, "0", False)
    first.execute("SELECT 1", prepare=True)
    first.execute("SET statement_timeout = '7s'")
    first.execute("CREATE TEMPORARY TABLE basket ()")
with connect() as second:
    found = state(second)
    print("the second client finds:", found)
    assert found == (["_pg3_0"], "7s", True)
    try:
        second.execute("SELECT 2", prepare=True)
    except psycopg.errors.DuplicatePreparedStatement as error:
        print("its first prepared statement:", error)
    else:
        raise AssertionError("The statement was executed.")
with connect() as third:
    third.execute("DISCARD ALL", prepare=False)
    assert state(third) == (None, "0", False)
    print("after DISCARD ALL:", third.execute("SELECT 3", prepare=True).fetchone())
PYTHON
