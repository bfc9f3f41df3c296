"""The service around the API: settings, HTTP, problems, database. It knows nothing of tasks."""
