import ipaddress
from pathlib import Path

import pytest

from sandbox import environment
from sandbox.paths import LINKS, Sandbox


def sandbox(tmp_path: Path, name: str = "clone") -> Sandbox:
    (tmp_path / name).mkdir(exist_ok=True)
    return Sandbox.of(tmp_path / name)


def test_names_come_from_the_real_path(tmp_path: Path) -> None:
    one = sandbox(tmp_path)
    (tmp_path / "link").symlink_to(one.checkout)
    assert Sandbox.of(tmp_path / "link") == one
    assert Sandbox.of(str(one.checkout)).id == one.id
    assert len(one.id) == 6
    assert sandbox(tmp_path, "other").id != one.id


def test_names_fit_the_kernel_s_limits(tmp_path: Path) -> None:
    one = sandbox(tmp_path)
    assert len(one.veth) <= 15
    assert len(str(one.containerd_socket) + ".ttrpc") < 108


def test_two_clones_share_no_address() -> None:
    # Always the same paths: of 50 at random, two share an address once in 27 times.
    addresses = [Sandbox.of(f"/clones/c{number}").link for number in range(50)]
    assert len(set(addresses)) == 50
    for link in addresses:
        assert link.subnet_of(ipaddress.IPv4Network(str(LINKS)))
        assert link.prefixlen == 30


def test_both_ends_of_the_link_are_usable_addresses(tmp_path: Path) -> None:
    one = sandbox(tmp_path)
    assert [one.host_address, one.address] == [str(host) for host in one.link.hosts()]


def test_the_cache_can_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_CACHE", str(tmp_path / "cache"))
    assert sandbox(tmp_path).cache == tmp_path / "cache"


def test_environment_keeps_everything_in_the_state_folder(tmp_path: Path) -> None:
    one = sandbox(tmp_path)
    variables = environment.variables(one)
    for name in ("KUBECONFIG", "KUBECACHEDIR", "PULUMI_HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"):
        assert Path(variables[name]).is_relative_to(one.state)
    assert variables["PULUMI_BACKEND_URL"] == f"file://{one.state}/pulumi?metadata=skip"


def test_a_shell_in_a_shell_does_not_lengthen_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = sandbox(tmp_path)
    path = environment.variables(one)["PATH"]
    assert path.startswith(f"{one.bin}:{one.checkout}/.venv/bin:")
    monkeypatch.setenv("PATH", path)
    assert environment.variables(one)["PATH"] == path
