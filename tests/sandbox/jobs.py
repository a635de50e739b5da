"""How Jobs of the cluster end."""

from tests.support.cluster import kubectl, objects, until


def ended(namespace: str, job: str) -> tuple[str, str]:
    """Wait for the end of a Job; how it ended, `Complete` or `Failed`, and what its containers logged."""

    def done() -> tuple[bool, str]:
        (found,) = (one for one in objects("jobs", namespace) if one["metadata"]["name"] == job)
        types = [one["type"] for one in found["status"].get("conditions", []) if one["status"] == "True"]
        how = next((each for each in ("Complete", "Failed") if each in types), "")
        return bool(how), how

    return until(f"the end of {job}", done, seconds=300), logged(namespace, job)


def logged(namespace: str, job: str) -> str:
    """What all containers of a Job that have run logged; others of its pods have no log, and kubectl fails for them."""
    logs = ""
    for pod in objects("pods", namespace, f"job-name={job}"):
        status = pod["status"]
        for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
            if "terminated" in container["state"]:
                where = ("--namespace", namespace, "--container", container["name"])
                logs += kubectl("logs", pod["metadata"]["name"], *where)
    return logs
