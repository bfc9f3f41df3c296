"""Generate clients from `openapi.json`: all operations, and code that compiles.

`make generators` runs this file. The name keeps it out of `make test`.
"""

import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tests.support.openapi import operations
from todo_project.environment import BASE_DIR

DOCUMENT = str(BASE_DIR / "openapi.json")
NODE_MODULES = Path(__file__).with_name("node_modules")
JAR = str(files("openapi_generator_cli") / "openapi-generator.jar")
PYTHON_PROGRAMS = Path(sys.executable).parent
OPERATION_IDS = {operation["operationId"] for _, _, operation in operations()}

OPENAPI_TS = [
    *("openapi-ts", "--input", DOCUMENT, "--output", "hey-api", "--no-log-file"),
    *("--plugins", "@hey-api/typescript", "@hey-api/client-fetch", "@hey-api/sdk", "zod"),
]
OPENAPI_PYTHON_CLIENT = [
    *("openapi-python-client", "generate", "--path", DOCUMENT, "--output-path", "todo_client"),
    *("--config", str(Path(__file__).with_name("openapi-python-client.yaml"))),
    *("--meta", "none", "--fail-on-warning"),
]
BRUNO = f"""
import {{ readFileSync }} from "node:fs";
import {{ openApiToBruno }} from "@usebruno/converters";
const collection = await openApiToBruno(JSON.parse(readFileSync("{DOCUMENT}")));
const headers = collection.items.flatMap(({{ items }}) => items.map((it) => it.request.headers));
console.log(JSON.stringify(headers.flat().filter((it) => it.enabled)));
"""
"""Print the headers that Bruno sends with the requests that it imports."""
TSC = [
    *("tsc", "--strict", "--noEmit", "--skipLibCheck", "--target", "es2022"),
    *("--module", "esnext", "--moduleResolution", "bundler"),
    *("--lib", "es2022,dom,dom.iterable", "--types", "react"),
]


def run(directory: Path, *command: str) -> str:
    """Run a program of npm or Python in the directory; return its standard output.

    If it fails, fail the test with its output.
    """
    path = f"{NODE_MODULES / '.bin'}:{PYTHON_PROGRAMS}:{os.environ['PATH']}"
    finished = subprocess.run(
        command,
        cwd=directory,
        env=os.environ | {"PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if finished.returncode:
        pytest.fail(f"{command[0]}:\n{finished.stdout}{finished.stderr}", pytrace=False)
    return finished.stdout


def compile_typescript(directory: Path) -> None:
    """Compile all files in strict mode."""
    run(directory, *TSC, *(str(path) for path in directory.rglob("*.ts")))


def test_hey_api_generates_functions_and_zod_schemas(directory: Path) -> None:
    run(directory, *OPENAPI_TS)
    functions = (directory / "hey-api" / "sdk.gen.ts").read_text()
    assert set(re.findall(r"^export const (\w+) = <", functions, re.MULTILINE)) == OPERATION_IDS
    schemas = (directory / "hey-api" / "zod.gen.ts").read_text()
    assert "export const zTaskCreate = z.object(" in schemas
    compile_typescript(directory)


@pytest.mark.parametrize("client", ["fetch", "react-query"])
def test_orval_generates_functions(directory: Path, client: str) -> None:
    run(directory, "orval", "--input", DOCUMENT, "--output", "client.ts", "--client", client)
    code = (directory / "client.ts").read_text()
    assert set(re.findall(r"^export const (\w+) = async ", code, re.MULTILINE)) == OPERATION_IDS
    assert ("from '@tanstack/react-query'" in code) == (client == "react-query")
    compile_typescript(directory)


def test_orval_generates_zod_schemas(directory: Path) -> None:
    run(directory, "orval", "--input", DOCUMENT, "--output", "client.ts", "--client", "zod")
    responses = re.findall(
        r"^export const (\w+)Response = zod", (directory / "client.ts").read_text(), re.MULTILINE
    )
    assert {name[0].lower() + name[1:] for name in responses} == OPERATION_IDS
    compile_typescript(directory)


def test_openapi_python_client_generates_modules(tmp_path: Path) -> None:
    run(tmp_path, *OPENAPI_PYTHON_CLIENT)
    modules = {path.stem for path in (tmp_path / "todo_client" / "api").glob("*/*.py")}
    snake_case = {
        re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", name) for name in OPERATION_IDS
    }
    assert modules - {"__init__"} == snake_case
    run(tmp_path, "mypy", "--strict", "todo_client")


def test_bruno_sends_no_optional_header(directory: Path) -> None:
    assert run(directory, "node", "--input-type", "module", "--eval", BRUNO) == "[]\n"


def test_spectral_has_no_findings(tmp_path: Path) -> None:
    ruleset = str(Path(__file__).with_name("spectral.yaml"))
    run(tmp_path, "spectral", "lint", DOCUMENT, "--ruleset", ruleset, "--fail-severity", "hint")


def test_packages_have_exact_versions_and_name_no_registry() -> None:
    package = json.loads(Path(__file__).with_name("package.json").read_text())
    lock = json.loads(Path(__file__).with_name("package-lock.json").read_text())
    assert [name for name, each in lock["packages"].items() if "resolved" in each] == []
    for version in package["devDependencies"].values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
