"""The reverse proxies in docs/deployment.md. The samples on that page are their configuration."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.support.documentation import code_blocks
from tests.support.servers.gunicorn import free_port, running
from todo_project.environment import BASE_DIR

DEPLOYMENT = BASE_DIR / "docs" / "deployment.md"

HOST = "api.example.com"
"""The host name in the samples."""

PROGRAM_DIRECTORIES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"

ESTABLISHED = "01"
"""The state in /proc/net/tcp."""


@dataclass(frozen=True)
class Software:
    """A program that reads the sample in a language, and what the sample leaves to the operator.

    `substitutions` replace parts of the sample, and `configuration` is the file around it. They
    and `arguments` may contain $directory, $certificate, $key, $pem, $http_port and $https_port.
    """

    program: str
    arguments: tuple[str, ...]
    language: str
    substitutions: dict[str, str]
    configuration: str


NGINX = Software(
    program="nginx",
    arguments=("-p", "$directory", "-c", "$directory/configuration", "-e", "stderr"),
    language="nginx",
    substitutions={
        "listen 80;": "listen 127.0.0.1:$http_port;",
        "listen 443 ssl;  # and ssl_certificate, ssl_certificate_key, server_name": (
            "listen 127.0.0.1:$https_port ssl; server_name api.example.com;"
            "ssl_certificate $certificate; ssl_certificate_key $key;"
        ),
    },
    # The directory of a test can only be read by its owner.
    configuration="""
daemon off;
user root;
worker_processes 2;
pid $directory/pid;
events {}
http {
    access_log off;
    client_body_temp_path $directory/request_bodies;
    proxy_temp_path $directory/responses;
$sample
}
""",
)

HAPROXY = Software(
    program="haproxy",
    arguments=("-f", "$directory/configuration"),
    language="haproxy",
    substitutions={
        "bind :80": "bind 127.0.0.1:$http_port",
        "bind :443 ssl crt /etc/haproxy/api.example.com.pem": (
            "bind 127.0.0.1:$https_port ssl crt $pem"
        ),
    },
    # The timeouts in Debian's haproxy.cfg.
    configuration="""
defaults
    timeout connect 5000
    timeout client 50000
    timeout server 50000
$sample
""",
)

CADDY = Software(
    program="caddy",
    arguments=("run", "--config", "$directory/configuration", "--adapter", "caddyfile"),
    language="caddyfile",
    substitutions={"api.example.com {": "api.example.com {\n    tls $certificate $key"},
    configuration="""
{
    admin off
    http_port $http_port
    https_port $https_port
}
$sample
""",
)


@dataclass(frozen=True)
class ReverseProxy:
    """A running proxy. `certificate` is that of its host name, signed by itself."""

    http_port: int
    https_port: int
    certificate: Path

    def tls(self) -> ssl.SSLContext:
        """Return a context that trusts the certificate."""
        return ssl.create_default_context(cafile=self.certificate)

    def curl(self, *arguments: str) -> str:
        """Run curl, which connects to the proxy for its host name; return the output."""
        return subprocess.run(
            [
                "curl",
                *("--silent", "--show-error", "--cacert", self.certificate),
                *("--connect-to", f"{HOST}:80:127.0.0.1:{self.http_port}"),
                *("--connect-to", f"{HOST}:443:127.0.0.1:{self.https_port}"),
                *arguments,
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def program(name: str) -> str:
    """Return the path of a program."""
    found = shutil.which(name, path=PROGRAM_DIRECTORIES)
    assert found, f"install {name}"
    return found


def create_certificate(directory: Path) -> dict[str, str]:
    """Create a key and a certificate of the host name and of 127.0.0.1; return their paths."""
    certificate, key, pem = (directory / name for name in ("certificate", "key", "pem"))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    pem.write_text(certificate.read_text() + key.read_text())
    return {"certificate": str(certificate), "key": str(key), "pem": str(pem)}


def configure(software: Software, service_port: int, values: dict[str, str]) -> str:
    """Return the configuration: the sample, with what an operator substitutes."""
    [sample] = code_blocks(DEPLOYMENT, software.language)
    substitutions = {"127.0.0.1:8000": f"127.0.0.1:{service_port}"} | software.substitutions
    for old, new in substitutions.items():
        assert sample.count(old) == 1, old
        sample = sample.replace(old, Template(new).substitute(values))
    return Template(software.configuration).substitute(values, sample=sample)


@contextmanager
def reverse_proxy(
    software: Software, service_port: int, directory: Path
) -> Iterator[ReverseProxy]:
    """Run a proxy in front of the service. It keeps its files in the directory."""
    proxy = ReverseProxy(free_port(), free_port(), directory / "certificate")
    values = create_certificate(directory) | {
        "directory": str(directory),
        "http_port": str(proxy.http_port),
        "https_port": str(proxy.https_port),
    }
    (directory / "configuration").write_text(configure(software, service_port, values))
    command = [program(software.program)]
    command += [Template(argument).substitute(values) for argument in software.arguments]
    home = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(directory))
    ports = (proxy.http_port, proxy.https_port)
    with (
        (directory / "log").open("wb") as log,
        running(command, *ports, env=os.environ | home, stdout=log, stderr=log),
    ):
        yield proxy


def connections_to(port: int) -> set[int]:
    """Return the local ports of the connections to a port of the loopback interface.

    Requires Linux.
    """
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()]
    server = f"0100007F:{port:04X}"
    return {
        int(row[1].partition(":")[2], 16)
        for row in rows
        if (row[2], row[3]) == (server, ESTABLISHED)
    }
