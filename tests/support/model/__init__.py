"""A model of the API in memory, and what is needed to compare the service with it."""
