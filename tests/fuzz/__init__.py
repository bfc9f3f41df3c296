"""Property-based tests of the live service against its OpenAPI document: `make fuzz`."""
