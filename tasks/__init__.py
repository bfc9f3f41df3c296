"""The tasks of a user: the table, its queries, the API and the admin."""
