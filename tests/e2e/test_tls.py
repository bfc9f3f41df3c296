"""Test that a server is authenticated by the certificates of the system, as documented."""

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.servers.cluster import ROLE, SYSTEM_USER, Cluster, primary, programs_of
from tests.support.servers.gunicorn import manage, run
from tests.support.servers.http_client import Client, create_task
from tests.support.servers.mounts import mounted
from tests.support.servers.reverse_proxy import create_certificate
from tests.support.servers.unavailability import assert_unavailable, logged_causes
from todo_project.environment import BASE_DIR

DEPLOYMENT = BASE_DIR / "docs" / "deployment.md"
VERSION = 16
"""The server of the wheel has no TLS."""

WITHOUT_VARIABLES = ["env", "-u", "SSL_CERT_FILE", "-u", "SSL_CERT_DIR"]


@pytest.fixture
def certificate() -> Iterator[Path]:
    """Create a certificate and its key, which the user of the server can read."""
    with TemporaryDirectory() as name:
        paths = create_certificate(Path(name))
        if SYSTEM_USER:
            for path in (name, *paths.values()):
                shutil.chown(path, SYSTEM_USER)
        yield Path(paths["certificate"])


@pytest.fixture
def secure(certificate: Path) -> Iterator[Cluster]:
    """Run a migrated server that accepts only TLS from the service."""
    key = certificate.with_name("key")
    with primary(
        programs_of(VERSION), ssl="on", ssl_cert_file=certificate, ssl_key_file=key
    ) as cluster:
        manage(cluster.url, "migrate", "-v", "0")
        yield cluster


def test_documented_url_uses_the_certificates_of_the_system(
    secure: Cluster, certificate: Path, tmp_path: Path
) -> None:
    [documented] = re.findall("^export DATABASE_URL='(.*=system)'", DEPLOYMENT.read_text(), re.M)
    url = documented.replace(
        "user:password@db.example.com/todo", f"{ROLE}@127.0.0.1:{secure.port}/postgres"
    )
    directory = Path(ssl.get_default_verify_paths().openssl_capath).resolve()
    trusted = tmp_path / "certs"
    trusted.mkdir()
    shutil.copy(certificate, trusted / "server.pem")
    subprocess.run(["openssl", "rehash", trusted], check=True)
    for prefix, trusts in ((mounted(trusted, directory), True), ([], False)):
        log = tmp_path / str(trusts)
        with (
            run(log, [*WITHOUT_VARIABLES, *prefix], DATABASE_URL=url) as service,
            closing(Client(service.port)) as client,
        ):
            response = create_task(client, "alice")
            if trusts:
                assert response.status == 201
            else:
                assert_unavailable(response)
                assert logged_causes(service) == ["SSL error: certificate verify failed"]
