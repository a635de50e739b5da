"""Throw-away Pulumi stacks of the program, in a backend and with a stack file of their own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tests.support.cluster import ok
from tests.support.stacks import ROOT

NAME = "bench"


@dataclass(frozen=True)
class Project:
    """A project's folder; its stack is also that of a program elsewhere whose project has the same name."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """Where its state is; and bytecode is cached, as Python does unless the caller's environment forbids it."""
        return {"PULUMI_BACKEND_URL": f"file://{self.folder.parent}", "PYTHONDONTWRITEBYTECODE": ""}

    @property
    def stack_file(self) -> Path:
        """Its settings, and what Pulumi writes beside them."""
        return self.folder / f"Pulumi.{NAME}.yaml"

    def run(self, *arguments: str, program: Path = ROOT) -> str:
        """Run the program of that folder with this project's state and settings."""
        more = ("--stack", NAME, "--config-file", str(self.stack_file), "--non-interactive")
        return ok("pulumi", *arguments, *more, cwd=program, env=self.env, seconds=1200)


@contextmanager
def new_stack(parent: Path, name: str = "lakehouse") -> Iterator[Project]:
    """A project of that name with an empty stack, in a folder below `parent`."""
    with TemporaryDirectory(dir=parent) as backend:
        folder = Path(backend) / name
        folder.mkdir()
        options = {"toolchain": "pip", "virtualenv": str(ROOT / ".venv")}
        project = {"name": name, "runtime": {"name": "python", "options": options}}
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        made = Project(folder)
        ok("pulumi", "stack", "init", NAME, "--non-interactive", cwd=folder, env=made.env)
        yield made


def config_file(project: Project, settings: Mapping[str, object]) -> None:
    """Put settings into the stack file, beside what Pulumi wrote itself."""
    own = yaml.safe_load(project.stack_file.read_text())
    project.stack_file.write_text(yaml.safe_dump({**own, "config": dict(settings)}))
