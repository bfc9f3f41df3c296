"""Generate clients with openapi-generator, and call all operations of a live service with them.

`make generators` runs this file. The name keeps it out of `make test`.
"""

import json
import shutil
from pathlib import Path

import pytest

from tests.generators.clients import JAR, run
from tests.support.openapi import operations
from tests.support.servers.gunicorn import serve

GENERATE = [
    *("java", "-jar", JAR, "generate", "--output", "todo", "--global-property"),
    *("apis,models,supportingFiles,apiTests=false,modelTests=false", "--input-spec"),
]
JAVA = "invokerPackage=todo,apiPackage=todo.api,modelPackage=todo.model"
LANGUAGES = {
    "typescript-axios": (
        "",
        "tsc --strict --skipLibCheck --target es2022 --module node16 driver.ts && node driver.js",
    ),
    "python": ("packageName=todo", "PYTHONPATH=todo python driver.py"),
    "ruby": ("gemName=todo,moduleName=Todo", "ruby -I todo/lib driver.rb"),
    "php": ("invokerPackage=Todo", "php driver.php"),
    "go": ("packageName=todo,withGoMod=false", "go mod init driver && go run ."),
    "java": (
        f"library=native,openApiNullable=false,hideGenerationTimestamp=true,{JAVA}",
        f"javac -cp {JAR} -d . *.java $(find todo -name '*.java') && java -cp {JAR}:. Driver",
    ),
}
"""The properties of the generator, and the commands that compile and run the driver. The jar of
openapi-generator contains Jackson."""

SHOWN = [
    ["Milk", None, False],
    [422, "/problems/idempotency-key-reused"],
    ["Two"],  # the description, absent in the update
    [None],  # null
    ["Three"],  # a value
    [412, "Rye"],
    ["Toast"],  # with the ETag in If-Match
    [True],
    [True],
    [["Toast", "Milk"]],
    [1],
]
"""What each driver prints."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
def test_generated_client_calls_each_operation(directory: Path, language: str) -> None:
    properties, command = LANGUAGES[language]
    log = directory / "log"
    shutil.copytree(Path(__file__).with_name("drivers"), directory, dirs_exist_ok=True)
    with serve(log) as base_url:
        generate = [*GENERATE, f"{base_url}/openapi.json", "--generator-name", language]
        run(directory, *generate, "--additional-properties", properties)
        shown = run(directory, "bash", "-ec", f'{command} "$0"', "Zoë & co. 100%? #1")
    assert [json.loads(line) for line in shown.splitlines()] == SHOWN
    requests = map(json.loads, log.read_text().splitlines())
    assert {(each["route"], each["method"].lower()) for each in requests} == {
        ("/openapi.json", "get"),
        *((path, method) for path, method, _ in operations()),
    }
