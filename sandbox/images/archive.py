"""Write image archives: one tar with layers, image configurations and ``manifest.json``, as `docker save` does."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True)
class Image:
    """One image: its names, its layers from the bottom up, and how its containers start."""

    names: list[str]
    layers: list[Path]
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    user: str = ""
    workdir: str = "/"
    volumes: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    stop_signal: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    def config(self, diff_ids: list[str]) -> bytes:
        """Return the image configuration (OCI image specification) for layers with these digests."""
        container: dict[str, Any] = {
            "Entrypoint": self.entrypoint,
            "Cmd": self.cmd,
            "Env": [f"{name}={value}" for name, value in self.env.items()],
            "User": self.user,
            "WorkingDir": self.workdir,
            "Volumes": {path: {} for path in self.volumes},
            "ExposedPorts": {f"{port}/tcp": {} for port in self.ports},
            "StopSignal": self.stop_signal,
            "Labels": self.labels,
        }
        return json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "created": "1970-01-01T00:00:00Z",
                "config": {key: value for key, value in container.items() if value},
                "rootfs": {"type": "layers", "diff_ids": diff_ids},
                "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "sandbox.images"} for _ in diff_ids],
            },
            sort_keys=True,
        ).encode()


class _Hashing:
    """A readable file that hashes what is read, so that a layer is read once only."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.hash.update(data)
        return data


def write(target: Path, images: Iterable[Image]) -> None:
    """Write an archive of several images; a layer that they share is in it once."""
    ids: dict[Path, str] = {}
    manifest: list[dict[str, Any]] = []
    with tarfile.open(target, "w") as tar:
        for image in images:
            for layer in image.layers:
                if layer not in ids:
                    ids[layer] = _add_layer(tar, layer, f"layer-{len(ids)}.tar")
            config = image.config([ids[layer] for layer in image.layers])
            name = f"{hashlib.sha256(config).hexdigest()}.json"
            _add(tar, name, config)
            order = list(ids)
            members = [f"layer-{order.index(layer)}.tar" for layer in image.layers]
            manifest.append({"Config": name, "RepoTags": image.names, "Layers": members})
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def _add_layer(tar: tarfile.TarFile, layer: Path, name: str) -> str:
    with layer.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size = layer.stat().st_size
        hashing = _Hashing(file)
        tar.addfile(info, hashing)  # pyright: ignore[reportArgumentType]
        return f"sha256:{hashing.hash.hexdigest()}"


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
