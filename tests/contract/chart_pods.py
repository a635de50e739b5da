"""Which settings of all pods arrive on each pod of an official chart, given the program's values for them.

To record: ``python -m tests.contract.chart_pods CHART VERSION --source TEXT``, as with `tests.contract.record`. Needs
``helm`` on PATH; the result is ``facts/pods-NAME-VERSION.json``.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from components.apps.airbyte.pods import airbyte_pods
from components.apps.airbyte.settings import AirbyteSettings
from components.apps.airbyte.values import airbyte_values
from components.helm.values import merge_values
from components.kubernetes.pods import Pods
from components.postgres.endpoint import Endpoint, TlsMode
from components.servers.cloudnativepg.pods import operator_values
from stack.check import check
from tests.contract.facts import render
from tests.contract.record import metadata
from tests.support.pod_settings import SETTINGS, Seen, missing

Fields = dict[str, Any]

FACTS = Path(__file__).with_name("facts")


def everything() -> Pods:
    """Every setting there is."""
    return check(SETTINGS).all_pods


def values(chart: str, version: str) -> Fields:
    """The program's values for all pods of a chart; beside them stands only what the chart cannot do without."""
    if chart == "cloudnative-pg":
        return operator_values(everything())
    return airbyte_pods(int(version.partition(".")[0]), everything())


def _rendered(helm: str, chart: Path, name: str, version: str) -> list[Fields]:
    ours = values(name, version)
    if name != "airbyte":
        return render(helm, chart, name, ours)
    major = int(version.partition(".")[0])
    where = Endpoint("db", 5432, "airbyte", "airbyte", "airbyte-database", TlsMode.DISABLE)
    s3: Fields = {
        "kind": "s3",
        "region": "eu-central-1",
        "bucket": "lake",
        "credentials": {"secretName": "airbyte-s3"},
    }
    settings = {"chart": {"version": version, "untested": True}, **({"storage": s3} if major == 1 else {})}
    airbyte = AirbyteSettings.model_validate(settings, by_alias=True)
    others = airbyte_values(airbyte, where, storage_secret="storage")
    return render(helm, chart, name, merge_values(ours, others))


def facts(objects: list[Fields]) -> Fields:
    """For each pod what does not arrive; what the launcher hands on; annotations of service accounts."""
    config = [item.get("data") or {} for item in objects if item["kind"] == "ConfigMap"]
    accounts = {
        it["metadata"]["name"]: it["metadata"].get("annotations") for it in objects if it["kind"] == "ServiceAccount"
    }
    return {
        "missing": {name: missing(pod) for name, pod in sorted(_pods(objects))},
        "launcher": {
            key: data[key]
            for data in config
            for key in sorted(data)
            if key.startswith("JOB_KUBE_") and key != "JOB_KUBE_NAMESPACE"
        },
        "images of jobs": sorted(
            {data[key].rpartition("/")[0] for data in config for key in data if key.endswith("_IMAGE")}
        ),
        "accounts": {
            name: {key: value for key, value in (given or {}).items() if not key.startswith("helm.sh/")}
            for name, given in accounts.items()
        },
    }


def _pods(objects: list[Fields]) -> list[tuple[str, Seen]]:
    found: list[tuple[str, Seen]] = []
    for item in objects:
        name = f"{item['kind']}/{item['metadata']['name']}"
        if item["kind"] == "Pod":
            found.append((name, Seen(item["metadata"], item["spec"], ends=True)))
        elif item["kind"] in ("Deployment", "StatefulSet", "Job"):
            template = item["spec"]["template"]
            found.append((name, Seen(template["metadata"], template["spec"], ends=item["kind"] == "Job")))
    return found


def main() -> int:
    """Write the file and name it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chart", type=Path)
    parser.add_argument("version", help="version that the facts are of")
    parser.add_argument("--source", required=True, help="where the chart comes from, in a few words")
    given = parser.parse_args()
    name = metadata(given.chart)["name"]
    recorded = {
        "chart": name,
        "version": given.version,
        "source": given.source,
        "values": values(name, given.version),
        **facts(_rendered("helm", given.chart, name, given.version)),
    }
    target = FACTS / f"pods-{name}-{given.version}.json"
    target.write_text(json.dumps(recorded, indent=1) + "\n")
    sys.stdout.write(f"{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
