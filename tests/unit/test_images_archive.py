"""Layers and archives: the bytes that containerd imports."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from sandbox.images import archive, layer


def entries(tree: Path) -> list[layer.Entry]:
    (tree / "program").write_bytes(b"#!/bin/sh\n")
    return [
        layer.Link("/bin/sh", "busybox"),
        layer.File("/bin/program", tree / "program", 0o755),
        layer.File("/etc/name", b"text"),
        layer.Folder("/scratch", 0o1777, 5, 6),
    ]


def test_layer_has_the_files_with_modes_and_owners(tmp_path: Path) -> None:
    layer.write(tmp_path / "layer.tar", entries(tmp_path))
    with tarfile.open(tmp_path / "layer.tar") as tar:
        found = {m.name: (m.mode, m.uid, m.gid, m.mtime, m.linkname) for m in tar}
        file = tar.extractfile("bin/program")
        assert file is not None and file.read() == b"#!/bin/sh\n"
    assert found == {
        "bin/program": (0o755, 0, 0, 0, ""),
        "bin/sh": (0o777, 0, 0, 0, "busybox"),
        "etc/name": (0o644, 0, 0, 0, ""),
        "scratch": (0o1777, 5, 6, 0, ""),
    }


def test_same_input_gives_the_same_layer(tmp_path: Path) -> None:
    layer.write(tmp_path / "a", entries(tmp_path))
    layer.write(tmp_path / "b", list(reversed(entries(tmp_path))))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_tree_is_placed_below_its_prefix_without_owner_and_time(tmp_path: Path) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/sub/file").write_text("x")
    (tmp_path / "tree/link").symlink_to("sub/file")
    layer.write_tree(tmp_path / "layer.tar", tmp_path / "tree", "/opt/app")
    with tarfile.open(tmp_path / "layer.tar") as tar:
        assert tar.getnames() == ["opt/app", "opt/app/link", "opt/app/sub", "opt/app/sub/file"]
        assert {(m.uid, m.gid, m.mtime, m.uname) for m in tar} == {(0, 0, 0, "")}
        assert tar.getmember("opt/app/link").linkname == "sub/file"


def test_archive_shares_layers_and_says_their_digests(tmp_path: Path) -> None:
    for name in ("base", "one", "two"):
        layer.write(tmp_path / name, [layer.File(f"/{name}", name.encode())])
    base, one, two = (tmp_path / name for name in ("base", "one", "two"))
    images = [
        archive.Image(["docker.io/a:1"], [base, one], entrypoint=["/a"], env={"X": "1"}, user="5:6", volumes=["/v"]),
        archive.Image(["docker.io/b:1", "docker.io/c:1"], [base, two], cmd=["b"], ports=[80], stop_signal="SIGINT"),
    ]
    archive.write(tmp_path / "out.tar", images)
    with tarfile.open(tmp_path / "out.tar") as tar:
        members = {m.name: _read(tar, m) for m in tar}
    manifest = json.loads(members["manifest.json"])
    assert [m["RepoTags"] for m in manifest] == [["docker.io/a:1"], ["docker.io/b:1", "docker.io/c:1"]]
    assert manifest[0]["Layers"][0] == manifest[1]["Layers"][0]
    assert sum(name.startswith("layer-") for name in members) == 3
    for entry in manifest:
        data = members[entry["Config"]]
        assert entry["Config"] == f"{hashlib.sha256(data).hexdigest()}.json"
        digests = [f"sha256:{hashlib.sha256(members[name]).hexdigest()}" for name in entry["Layers"]]
        assert json.loads(data)["rootfs"] == {"type": "layers", "diff_ids": digests}
    configs = [json.loads(members[entry["Config"]])["config"] for entry in manifest]
    assert configs[0] == {"Entrypoint": ["/a"], "Env": ["X=1"], "User": "5:6", "WorkingDir": "/", "Volumes": {"/v": {}}}
    assert configs[1] == {"Cmd": ["b"], "WorkingDir": "/", "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGINT"}


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member) or io.BytesIO()
    return file.read()
