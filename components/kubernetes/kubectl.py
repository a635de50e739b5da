"""`kubectl` on the cluster of the stack, for what the program reports of a failure."""

import asyncio
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""What the API server tells of an object, or a part of it."""

SECONDS = 20
"""How long one command may take: a report must not hold up the failure that it explains."""


class KubectlError(Exception):
    """`kubectl` is not installed, did not answer in time, or failed; the text says which."""


@dataclass(frozen=True)
class Kubectl:
    """How `kubectl` reaches the cluster.

    Attributes:
        kubeconfig: path of a kubeconfig file; `$KUBECONFIG` or `~/.kube/config` if None.
        context: context in it; its current one if None.
    """

    kubeconfig: str | None = None
    context: str | None = None

    def line(self, *arguments: str) -> str:
        """The command as people type it."""
        return shlex.join(["kubectl", *self._access(), *arguments])

    async def run(self, *arguments: str) -> str:
        """What the command prints.

        Raises:
            KubectlError: it could not be run, or failed.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                "kubectl",
                *self._access(),
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            msg = f"kubectl cannot be run: {error.strerror}"
            raise KubectlError(msg) from None
        try:
            async with asyncio.timeout(SECONDS):
                out, err = await process.communicate()
        except TimeoutError:
            process.kill()
            msg = f"kubectl did not answer within {SECONDS} s"
            raise KubectlError(msg) from None
        if process.returncode:
            msg = f"kubectl failed: {err.decode(errors='replace').strip()}"
            raise KubectlError(msg)
        return out.decode(errors="replace")

    async def objects(self, kinds: str, namespace: str, *flags: str) -> list[Object]:
        """The objects of some kinds (`pods`, or several with commas between) in a namespace.

        Raises:
            KubectlError: they cannot be read.
        """
        return json.loads(await self.run("get", kinds, "--namespace", namespace, "--output", "json", *flags))["items"]

    def _access(self) -> list[str]:
        flags = {"--kubeconfig": self.kubeconfig, "--context": self.context}
        return [part for flag, value in flags.items() if value for part in (flag, value)]


def mapping(it: Object, key: str) -> Object:
    """The mapping under a key; an empty one where the API server leaves it out."""
    return it.get(key) or {}


def listed(it: Object, key: str) -> list[Object]:
    """The list under a key; an empty one where the API server leaves it out."""
    return it.get(key) or []
