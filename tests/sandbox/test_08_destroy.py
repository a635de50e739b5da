"""A stack that is to keep nothing leaves nothing."""

from tests.sandbox.owned import OwnedStack
from tests.support.cluster import objects, until


def test_destroy_without_retained_data_leaves_nothing(twin: OwnedStack) -> None:
    stack = twin.unsettle()
    stack.set("retainData", "false")
    stack.up().check()
    stack.destroy().check()

    assert stack.resources() == []
    assert "twin" not in {namespace["metadata"]["name"] for namespace in objects("namespaces")}
    until("volumes gone", lambda: (not (left := volumes_of("twin")), left))


def volumes_of(namespace: str) -> list[str]:
    """Volumes that belong to claims of a namespace."""
    found = [volume for volume in objects("persistentvolumes") if "claimRef" in volume["spec"]]
    return [v["metadata"]["name"] for v in found if v["spec"]["claimRef"]["namespace"] == namespace]
