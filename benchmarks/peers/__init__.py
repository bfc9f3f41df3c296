"""Other implementations of the API, for comparison."""
