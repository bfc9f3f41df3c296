"""Property-based tests of the running service against its OpenAPI document: `make fuzz`."""
