"""The shell image: its nslookup, and that it is the one in the image."""

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from sandbox.images import busybox
from sandbox.images.cache import Builder

SERVICE = "web.apps.svc.cluster.local."
# As BusyBox 1.35 with a name that ends in a dot: no search list, and a failure if the name does not exist.
BUSYBOX = """#!/bin/sh
echo "asked $*" >> {asked}
case "$2" in
{service} | kubernetes.default.svc.cluster.local. | example.com.) echo "Address: 10.96.0.7" ;;
*) echo "** server can't find $2: NXDOMAIN"; exit 1 ;;
esac
"""


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    return tmp_path / "asked"


def nslookup(folder: Path, asked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a pod of namespace `apps`, as far as it can see."""
    resolv = folder / "resolv.conf"
    resolv.write_text("search apps.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\n")
    program = folder / "busybox"
    program.write_text(BUSYBOX.format(asked=asked, service=SERVICE))
    program.chmod(0o755)
    script = folder / "nslookup"
    script.write_text(busybox.NSLOOKUP.read_text().replace("/etc/resolv.conf", str(resolv)))
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(["sh", script, *arguments], env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "name", ["web", "web.apps", "web.apps.svc.cluster.local", "kubernetes.default", "example.com", SERVICE]
)
def test_a_name_that_one_of_the_search_list_completes_resolves(name: str, tmp_path: Path, asked: Path) -> None:
    done = nslookup(tmp_path, asked, name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Address: 10.96.0.7" in done.stdout


def test_a_name_that_does_not_exist_fails(tmp_path: Path, asked: Path) -> None:
    done = nslookup(tmp_path, asked, "nobody")
    assert done.returncode == 1
    assert "can't find nobody.: NXDOMAIN" in done.stderr
    assert len(asked.read_text().splitlines()) == 4


@pytest.mark.parametrize("arguments", [("-type=a", "web"), ("10.96.0.7",), ("fd00::7",), ()])
def test_all_else_is_left_to_busybox(arguments: tuple[str, ...], tmp_path: Path, asked: Path) -> None:
    nslookup(tmp_path, asked, *arguments)
    assert asked.read_text().splitlines() == [" ".join(("asked", "nslookuq", *arguments))]


def test_nslookup_of_the_image_is_the_script(tmp_path: Path) -> None:
    layer = busybox.shell_layer(Builder(tmp_path, Path, lambda line: None))
    with tarfile.open(layer) as tar:
        members = [member for member in tar if member.name == "bin/nslookup"]
        assert [(member.isreg(), member.mode) for member in members] == [(True, 0o755)]
        file = tar.extractfile(members[0])
        assert file is not None
        assert file.read() == busybox.NSLOOKUP.read_bytes()
        assert tar.getmember("bin/sh").issym()


def test_shell_of_the_image_runs_the_script_and_not_an_applet(tmp_path: Path) -> None:
    program = tmp_path / "busybox"
    program.write_bytes(busybox.without_nslookup())
    program.chmod(0o755)
    script = tmp_path / "nslookup"
    script.write_text("#!/bin/sh\necho the script\n")
    script.chmod(0o755)

    def shell(line: str) -> str:
        command = [program, "sh", "-c", line]
        return subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True).stdout

    assert shell("nslookup web") == "the script\n"
    assert "nslookuq" in shell("busybox --list")
