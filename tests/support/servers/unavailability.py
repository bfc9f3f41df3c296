"""How the service reports that its database is unavailable: to the client, and in its log."""

from tests.support.servers.gunicorn import Instance
from tests.support.servers.http_client import Response


def assert_unavailable(response: Response) -> None:
    """Assert that the response is the problem `database-unavailable`."""
    assert response.status == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "2"
    assert response.json()["type"] == "/problems/database-unavailable"


def logged_causes(service: Instance) -> list[str]:
    """Return the error of the database in each report, without the prefix of libpq."""
    lines = [report["message"].partition("\n")[0] for report in service.reports()]
    return [
        line.removeprefix("database-unavailable: ").rpartition(" failed: ")[2] for line in lines
    ]
