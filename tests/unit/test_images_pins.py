"""The images' pins agree with each other, with the charts, and with what the official chart asks for."""

import io
import json
import re
import tarfile
from pathlib import Path

import pytest
import yaml

from components.forms.images import KUBECTL_IMAGE, POSTGRES_IMAGE
from components.postgres.pooler.pins import PGBOUNCER_IMAGE
from components.servers.cloudnativepg.pins import (
    CLOUDNATIVEPG_CHART,
    CLOUDNATIVEPG_IMAGE,
)
from sandbox.images import airbyte, busybox, cloudnativepg, dagster, kubectl, pgbouncer, postgres, temporal
from sandbox.images.cache import HERE, versions
from sandbox.images.rootfs import package_version
from sandbox.versions import versions as all_versions
from tests.contract.surroundings import OF_A_POD
from tests.support.dagster import environment

CHARTS = HERE.parent / "charts"
FACTS = HERE.parents[1] / "tests" / "contract" / "facts" / "airbyte-2.2.0.json"
PIN = re.compile(r"[a-z0-9-]+==\d[0-9a-z.]*")


@pytest.mark.parametrize(
    "file", [dagster.REQUIREMENTS, airbyte.REQUIREMENTS, environment.REQUIREMENTS], ids=["dagster", "airbyte", "tests"]
)
def test_every_python_package_is_pinned_exactly(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not PIN.fullmatch(line)] == []
    assert len({line.partition("==")[0] for line in lines}) == len(lines) > 0


def test_dagsters_parts_are_of_one_release() -> None:
    pins = dict(line.split("==") for line in dagster.REQUIREMENTS.read_text().splitlines() if "==" in line)
    version = versions()["dagster"]
    _, minor, patch = version.split(".")
    assert {pins["dagster"], pins["dagster-webserver"]} == {version}
    assert {pins["dagster-postgres"], pins["dagster-k8s"]} == {f"0.{int(minor) + 16}.{patch}"}
    assert yaml.safe_load((CHARTS / "dagster/Chart.yaml").read_text())["version"] == version


def test_dagsters_tests_are_those_of_the_release() -> None:
    sources = [line.partition(" --hash=sha256:")[0] for line in environment.SOURCES.read_text().splitlines()[1:]]
    assert [source.partition("==")[0] for source in sources] == ["dagster", "dagster-postgres"]
    assert set(sources) <= set(dagster.REQUIREMENTS.read_text().splitlines())


def test_dagsters_chart_waits_with_the_sandboxs_postgres_and_busybox() -> None:
    values = yaml.safe_load((CHARTS / "dagster/values.yaml").read_text())
    image = values["postgresql"]["image"]
    assert f"{image['registry']}/{image['repository']}:{image['tag']}" == f"docker.io/library/postgres:{postgres.tag()}"
    image = values["busybox"]["image"]
    assert f"{image['repository']}:{image['tag']}" == busybox.SHELL_IMAGE


def test_every_image_of_the_official_airbyte_chart_has_a_stand_in() -> None:
    pods = json.loads(FACTS.read_text())["cases"]["airbyte-2-dev"]["pods"]
    asked = {
        f"docker.io/{part['image']}" for parts in pods.values() for name, part in parts.items() if name not in OF_A_POD
    }
    minio = f"docker.io/minio/minio:{versions()['airbyte']['minio']}"
    assert asked == {*airbyte.parts().values(), minio, temporal.name()}


def test_temporals_image_holds_the_version_of_its_tag() -> None:
    assert versions()["airbyte"]["temporal"] == all_versions()["tools"]["temporal"]


def rootfs(folder: Path, version: str) -> Path:
    status = (
        f"Package: libpq5\nVersion: 1\n\nPackage: postgresql-17\nStatus: install ok installed\nVersion: {version}\n"
    )
    with tarfile.open(folder / "rootfs.tar", "w") as tar:
        info = tarfile.TarInfo("./var/lib/dpkg/status")
        info.size = len(status)
        tar.addfile(info, io.BytesIO(status.encode()))
    return folder / "rootfs.tar"


def test_a_newer_postgres_in_debian_is_told_and_used(tmp_path: Path) -> None:
    same = rootfs(tmp_path, f"{versions()['postgresql']}-0+deb13u1")
    assert package_version(same, "libpq5") == "1"
    assert package_version(same, "no-such") == ""
    assert postgres.told_version(same) == ""
    assert "Debian has PostgreSQL 17.99" in postgres.told_version(rootfs(tmp_path, "17.99-1"))


def test_the_image_has_the_tag_that_the_program_asks_for() -> None:
    assert f"docker.io/library/postgres:{postgres.tag()}" == POSTGRES_IMAGE


def test_pgbouncers_image_has_the_name_that_the_program_asks_for() -> None:
    assert pgbouncer.name() == PGBOUNCER_IMAGE


def test_kubectls_image_has_the_name_that_the_program_asks_for() -> None:
    assert kubectl.name() == KUBECTL_IMAGE


def test_cloudnativepgs_images_have_the_names_that_program_and_operator_ask_for() -> None:
    assert cloudnativepg.postgres_image() == CLOUDNATIVEPG_IMAGE
    chart = yaml.safe_load((CHARTS / "cloudnative-pg/Chart.yaml").read_text())
    assert (chart["name"], chart["version"]) == (CLOUDNATIVEPG_CHART.name, CLOUDNATIVEPG_CHART.version)
    assert chart["appVersion"] == all_versions()["tools"]["cloudnativepg"]
    repository = yaml.safe_load((CHARTS / "cloudnative-pg/values.yaml").read_text())["image"]["repository"]
    assert f"{repository}:{chart['appVersion']}" == cloudnativepg.operator_image()


def test_postgres_looks_like_the_official_image(tmp_path: Path) -> None:
    image = postgres.image(["docker.io/library/postgres:1"], [])
    config = json.loads(image.config([]))["config"]
    assert config["Entrypoint"] == ["docker-entrypoint.sh"]
    assert config["Volumes"] == {"/var/lib/postgresql/data": {}}
    assert config["StopSignal"] == "SIGINT"
    assert "PGDATA=/var/lib/postgresql/data" in config["Env"]
    assert any(e.startswith("PATH=") and e.endswith("/usr/lib/postgresql/17/bin") for e in config["Env"])
    assert "User" not in config
