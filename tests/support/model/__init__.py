"""A model of the API in memory, and a state machine that compares the service with it."""
