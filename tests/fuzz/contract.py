"""Test the running service against its OpenAPI document with Schemathesis.

`make fuzz` runs this file on both databases. The name keeps it out of `make test`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.openapi import operations
from tests.support.servers.gunicorn import serve
from todo_project.environment import BASE_DIR

SCHEMATHESIS = [
    str(Path(sys.executable).with_name("schemathesis")),
    f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
    "run",
    f"--max-time={os.environ.get('FUZZ_SECONDS', '150')}",
    f"--seed={os.environ.get('FUZZ_SEED', '1')}",
]


@pytest.mark.django_db(transaction=True)
def test_service_conforms_to_openapi_document(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.ndjson"
    with serve(tmp_path / "log") as base_url, capfd.disabled():
        command = [*SCHEMATHESIS, f"--report-ndjson-path={report}", f"{base_url}/openapi.json"]
        finished = subprocess.run(command, cwd=BASE_DIR, check=False)
    assert finished.returncode == 0, "Schemathesis reports failures, see above."
    on_one_task = {
        f"{method.upper()} {path}" for path, method, _ in operations() if "{task_id}" in path
    }
    assert on_one_task - set(followed(report)) == set()


def followed(report: Path) -> Iterator[str]:
    """Yield each operation that succeeded on a task of the response before."""
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for case_id, case in recorder.get("cases", {}).items():
            response = recorder["interactions"][case_id]["response"]
            if "transition" in case and response["status_code"] < 400:
                yield f"{case['value']['method']} {case['value']['path']}"
