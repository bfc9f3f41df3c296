"""The service around the API: settings, URLs, problems, logging, health."""
