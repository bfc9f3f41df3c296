"""The tests on every supported version of Python, Django and PostgreSQL: `make compat`."""
