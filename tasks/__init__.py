"""The tasks of a user: everything that knows what a task is."""
