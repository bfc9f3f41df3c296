"""A Dockerfile, replayed without a container engine: each command runs in a root of its own.

`unshare` keeps the mounts of a command to itself, and `chroot` gives it the paths of the image.
The base image is replaced by the programs of this machine and a virtual environment.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.servers.dockerignore import context
from todo_project.environment import BASE_DIR

SYSTEM = [path for path in map(Path, ("/usr", "/etc", "/opt", sys.base_prefix)) if path.exists()]
"""Read-only in each root: programs, configuration, package files, the interpreter."""

LINKS = [path for path in map(Path, ("/bin", "/sbin", "/lib", "/lib64")) if path.is_symlink()]
DEVICES = [Path("/dev/null"), Path("/dev/urandom")]
PROCESSES = Path("/proc")
DIRECTORIES = [Path(path) for path in ("/root", "/tmp", "/dev/shm", "/scratch")]

PACKAGE_INDEX = {
    name: value
    for name, value in os.environ.items()
    if name.startswith(("PIP_", "SSL_")) or name.lower().endswith("_proxy")
}
"""What pip needs to know on this machine."""


class Image:
    """The file system and the configuration that the instructions of a Dockerfile result in.

    An instruction that the replay does not know is a KeyError.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {"PATH": "/venv/bin:/usr/bin:/bin"}
        self.directory = "/"
        self.user = "0:0"
        self.port = 0
        self.command: list[str] = []
        self.health_check: list[str] = []

    def build(self, dockerfile: str) -> None:
        """Execute the instructions."""
        known: dict[str, Callable[[str], None]] = {
            "FROM": self._from,
            "ENV": self._env,
            "WORKDIR": self._workdir,
            "COPY": self._copy,
            "RUN": lambda argument: self.run(["/bin/sh", "-c", argument], PACKAGE_INDEX),
            "USER": lambda argument: setattr(self, "user", argument),
            "EXPOSE": lambda argument: setattr(self, "port", int(argument)),
            "HEALTHCHECK": lambda argument: setattr(
                self, "health_check", json.loads(argument.partition(" CMD ")[2])
            ),
            "CMD": lambda argument: setattr(self, "command", json.loads(argument)),
        }
        for line in re.sub(r"^#.*\n|\\\n", "", dockerfile, flags=re.MULTILINE).splitlines():
            if line:
                name, argument = line.split(maxsplit=1)
                known[name](argument)

    def run(self, command: list[str], variables: dict[str, str]) -> None:
        """Run a command in the image; raise an exception if it fails."""
        subprocess.run(self.enter(command, variables), check=True)

    def enter(
        self,
        command: list[str],
        variables: dict[str, str],
        *,
        tmpfs: tuple[str, ...] = (),
        read_only: bool = False,
    ) -> list[str]:
        """Return the command line that runs a command in the image, as its user.

        `tmpfs` are the directories with a temporary file system.
        """
        mounts = [f"mount --bind {self.root} {self.root}"]
        mounts += [f"mount --rbind -o ro {path} {self._outside(path)}" for path in SYSTEM]
        mounts += [f"mount --rbind {path} {self._outside(path)}" for path in (*DEVICES, PROCESSES)]
        mounts += [f"mount -t tmpfs -o mode=1777 tmpfs {self._outside(path)}" for path in tmpfs]
        if read_only:
            mounts.append(f"mount -o remount,bind,ro {self.root}")
        is_root = os.geteuid() == 0
        user = [f"--userspec={self.user}", "--groups="] if is_root and self.user != "0:0" else []
        assignments = [f"{name}={value}" for name, value in (self.environment | variables).items()]
        program = ["chroot", *user, f"{self.root}", "/usr/bin/env", "-i", "-C", self.directory]
        script = "\n".join([*mounts, f"exec {shlex.join([*program, *assignments, *command])}"])
        options = [] if is_root else ["--map-root-user"]
        return ["unshare", "--mount", *options, "/bin/sh", "-euc", script]

    def _outside(self, path: Path | str) -> Path:
        """Return where a path of the image is outside of it."""
        return self.root / str(path).lstrip("/")

    def _from(self, argument: str) -> None:
        version = (BASE_DIR / ".python-version").read_text().strip()
        assert argument == f"python:{version}-slim"
        for path in (*SYSTEM, PROCESSES, *DIRECTORIES):
            self._outside(path).mkdir(parents=True, exist_ok=True)
        for path in LINKS:
            self._outside(path).symlink_to(path.readlink())
        for path in DEVICES:
            self._outside(path).touch()
        pip = Path.home() / ".config" / "pip"
        if pip.exists():
            shutil.copytree(pip, self._outside("/root/.config/pip"))
        python = str(Path(sys.executable).resolve())
        self.run([python, "-m", "venv", "/venv"], {"HOME": "/root"})
        self.environment["HOME"] = "/root"

    def _env(self, argument: str) -> None:
        for assignment in shlex.split(argument):
            name, value = assignment.split("=", 1)
            self.environment[name] = value

    def _workdir(self, argument: str) -> None:
        self.directory = argument
        self._outside(argument).mkdir(parents=True)

    def _copy(self, argument: str) -> None:
        source, target = argument.split()
        assert target == "./"
        files = [path for path in context() if source in {".", path}]
        assert files, f"{source} is not in the context"
        for path in files:
            copy = self._outside(self.directory) / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(BASE_DIR / path, copy)
