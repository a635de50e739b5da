"""Dagster's webserver as its users' programs see it: GraphQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cluster import http, until

QUERIES = Path(__file__).parent / "graphql"
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}


@dataclass(frozen=True)
class Webserver:
    """A webserver at an address."""

    address: str

    def launch(self, seconds: float = 0, tags: Mapping[str, str] | None = None) -> str:
        """Launch the example job; return the run's id.

        Args:
            seconds: how long the job's second step takes.
            tags: the run's tags.
        """
        selector = {"repositoryLocationName": "example", "repositoryName": "__repository__", "jobName": "nightly"}
        config = {"ops": {"transform": {"config": {"seconds": seconds}}}}
        named = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        launched = self._ask("launch", {"selector": selector, "config": config, "tags": named})["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def status(self, run: str) -> str:
        """The status of a run."""
        return self._ask("status", {"run": run})["runOrError"]["status"]

    def wait(self, run: str, seconds: float = 180) -> str:
        """Wait for the end of a run; return its status then."""
        return until(f"end of run {run}", lambda: ((seen := self.status(run)) in FINISHED, seen), seconds)

    def is_ready(self) -> bool:
        """Whether the webserver answers and knows the example job's repository."""
        reply = http(f"{self.address}/graphql", {"query": (QUERIES / "repositories.graphql").read_text()})
        if reply.status != 200:
            return False
        found: Any = reply.json()["data"]["repositoriesOrError"].get("nodes", [])
        return [node["name"] for node in found] == ["__repository__"]

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = {"query": (QUERIES / f"{query}.graphql").read_text(), "variables": variables}
        reply = http(f"{self.address}/graphql", body)
        assert reply.status == 200, f"{reply.status}: {reply.text[:2000]}"
        answer = reply.json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]
