"""Run the data providers in the guide for clients, with the packages of react-admin and refine.

`make generators` runs this file. The name keeps it out of `make test`.
"""

import shutil
from pathlib import Path

import pytest

from tests.generators.clients import run
from tests.support.documentation import code_blocks
from tests.support.npm import CLIENT, npm
from tests.support.servers.gunicorn import serve
from todo_project.environment import BASE_DIR

TSC = ("tsc", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext")


@pytest.mark.django_db(transaction=True)
def test_data_providers_of_the_guide_list_and_change_tasks(directory: Path) -> None:
    project = directory / "project"
    (project / "node_modules").mkdir(parents=True)
    (project / "node_modules" / "todo-client").symlink_to(CLIENT)
    (project / "package.json").write_text('{"type": "module"}')
    for module in code_blocks(BASE_DIR / "docs" / "clients.md", "typescript"):
        (project / module.split()[1]).write_text(module)  # its first line is `// name`
    shutil.copy(Path(__file__).with_name("providers.ts"), project)
    npm(CLIENT, "run", "build")
    run(project, *TSC, "providers.ts")
    with serve(directory / "log") as base_url:
        run(project, "node", "providers.js", base_url)
