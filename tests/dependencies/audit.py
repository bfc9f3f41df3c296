"""Audit the runtime packages for known vulnerabilities: the last step of `make lint`.

pip-audit has the same exit code for a vulnerability and for a service that does not respond. Only
after an audit does it print a report; otherwise the last error says what is wrong. Without the
service, the audit is skipped with a note, so that `make lint` also works offline.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.dependencies.requirements import RUNTIME

COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--requirement", RUNTIME),
    # Resolve and install nothing: the file has the version of every package.
    *("--require-hashes", "--disable-pip"),
    *("--format", "json", "--progress-spinner", "off", "--timeout", "10"),
)

SECONDS = 120
"""For the whole audit; the timeout above is for a response."""

SERVICE_ERROR = re.compile(
    r"^(?:requests\.exceptions\.|ERROR:pip_audit\._cli:(?=Could not connect|PyPI is not))(.+)",
    re.MULTILINE,
)
"""What pip-audit prints if it has no valid response: pip_audit/_service has the sources."""


def main(options: Sequence[str]) -> int:
    """Run pip-audit with additional options; return 0 if it finds nothing or is skipped."""
    try:
        finished = subprocess.run(
            [*COMMAND, *options], check=False, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        print(f"The audit was skipped: no result within {SECONDS} seconds.")
        return 0
    if finished.stdout:
        message, found = evaluate(json.loads(finished.stdout))
        print(message)
        return int(found)
    unavailable = SERVICE_ERROR.findall(finished.stderr)
    if unavailable:
        print(f"The audit was skipped, because its service is unavailable: {unavailable[-1]}")
        return 0
    print(finished.stderr, end="", file=sys.stderr)
    return 1


def evaluate(report: dict[str, Any]) -> tuple[str, bool]:
    """Return a message about a report of pip-audit, and whether it has vulnerabilities."""
    packages = report["dependencies"]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if len(unknown) == len(packages):  # the answer of a package index without that service: 404
        return "The audit was skipped, because its service does not know any package.", False
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"fixed in {' or '.join(vulnerability['fix_versions']) or 'no version'}"
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    summary = f"Known vulnerabilities: {len(found)} in {len(packages) - len(unknown)} packages"
    if unknown:
        summary += f"; unknown to the service: {', '.join(unknown)}"
    return "\n".join([*found, summary]), bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
