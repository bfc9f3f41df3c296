"""What the tests share: clients, factories, servers, a model of the API. No tests."""
