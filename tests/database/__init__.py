"""Tests of the schema, of database URLs and connections, and of the SQL statements."""
