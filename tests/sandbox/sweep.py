"""Looking for words, such as passwords, everywhere that this machine and this cluster could keep them."""

import base64
import gzip
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox import enter
from tests.sandbox.stack import Stack
from tests.support.cluster import SANDBOX, kubectl, ok
from tests.support.kinds import PASSWORD

PLAINTEXT = "plaintext"
HELM = "helm.sh/release.v1"
NODE = ("logs", "config", "run", "kube-cache", "helm", "kubelet", "env")
"""Folders and files of the sandbox's state that are the node's own."""


@dataclass(frozen=True, order=True)
class Finding:
    """A word that was found.

    Attributes:
        place: kind of place: `state`, `commands`, `objects`, `secrets`, `releases`, `processes`, `container logs`,
            `node`, `etcd`, `volumes`.
        where: the file, object or process; for a Secret `NAMESPACE/NAME KEY`.
        word: what the word is called, never the word itself.
    """

    place: str
    where: str
    word: str


def passwords(stack: Stack) -> dict[str, str]:
    """Every password that the stack has generated, by the name of its resource."""
    found: dict[str, str] = {}
    for resource in stack.resources(secrets=True):
        if resource["type"] == PASSWORD:
            name = resource["urn"].rpartition("::")[2]
            found[f"{stack.name} {name}"] = json.loads(resource["outputs"]["result"][PLAINTEXT])
    return found


def sweep(words: Mapping[str, str], stacks: Sequence[Stack]) -> list[Finding]:
    """Look for words, as they are and in base64, in all places.

    Args:
        words: by the name under which findings tell of them.
        stacks: whose commands are run.
    """
    forms = {name: written(word) for name, word in words.items()}
    found = [
        Finding(place, where, word)
        for place, where, data in _places(stacks)
        for word, patterns in forms.items()
        if any(pattern in data for pattern in patterns)
    ]
    return sorted({*found, *_volumes(forms)})


def written(word: str) -> list[bytes]:
    """A word as it may be written: itself, and what base64 makes of it at each of three offsets."""
    raw = word.encode()
    forms = [raw]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        # Characters that other bytes before or after the word would change are left out.
        forms.append(encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6])
    return forms


def _places(stacks: Sequence[Stack]) -> Iterator[tuple[str, str, bytes]]:
    state = SANDBOX.state
    yield from _files("state", state / "pulumi", state / "pulumi-home")
    yield from _files("etcd", state / "etcd")
    yield from _files("container logs", state / "var-log")
    yield from _files("node", *(state / name for name in NODE))
    for stack in stacks:
        yield from _commands(stack)
    yield from _objects()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            yield "processes", process.name, _read(process / "cmdline")


def _files(place: str, *tops: Path) -> Iterator[tuple[str, str, bytes]]:
    for top in tops:
        for path in [top, *top.rglob("*")]:
            if path.is_file() and not path.is_symlink():
                yield place, str(path), _read(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # gone meanwhile


def _commands(stack: Stack) -> Iterator[tuple[str, str, bytes]]:
    for command in (["export"], ["output", "--json"], ["output"], ["history", "--json"], ["--show-urns"]):
        shown = ok("pulumi", "stack", *command, "--stack", stack.name)
        yield "commands", f"pulumi stack {' '.join(command)} {stack.name}", shown.encode()
    yield "commands", f"pulumi preview --diff {stack.name}", stack.preview("--diff").check().text.encode()


def _objects() -> Iterator[tuple[str, str, bytes]]:
    """Every object of every kind. Of Secrets, what is not a value, and each value decoded."""
    kinds = ",".join(ok("kubectl", "api-resources", "--verbs=list", "--output=name").split())
    shown = kubectl("get", kinds, "--all-namespaces", "--ignore-not-found", "--show-managed-fields", "--output=json")
    for item in json.loads(shown)["items"]:
        meta = item["metadata"]
        name = f"{meta.get('namespace', '')}/{meta['name']}"
        values: dict[str, str] = item.pop("data", {}) if item["kind"] == "Secret" else {}
        yield "objects", f"{item['kind']} {name}", json.dumps(item).encode()
        for key, value in values.items():
            decoded = base64.b64decode(value)
            if item["type"] == HELM:
                yield "releases", f"{name} {key}", gzip.decompress(base64.b64decode(decoded))
            else:
                yield "secrets", f"{name} {key}", decoded


def _volumes(forms: Mapping[str, Sequence[bytes]]) -> Iterator[Finding]:
    """Files on the claims' volumes, which only the node sees."""
    for word, patterns in forms.items():
        command = enter.node_command(SANDBOX, ["grep", "-rlaFf", "-", SANDBOX.volumes, "--exclude=*.img"])
        done = subprocess.run(command, input=b"\n".join(patterns) + b"\n", capture_output=True, check=False)
        for line in done.stdout.decode().splitlines():
            yield Finding("volumes", line, word)
