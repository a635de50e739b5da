"""`kubectl` on the cluster of the stack, for reports on failures."""

import asyncio
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""An object as the API server returns it, or a part of it."""

SECONDS = 20
"""Timeout of a command in seconds: a report must not delay the failure that it explains."""


class KubectlError(Exception):
    """`kubectl` is not installed, timed out, or failed; the text says which."""


@dataclass(frozen=True)
class Kubectl:
    """`kubectl` on one cluster.

    Attributes:
        kubeconfig: path of a kubeconfig file; `$KUBECONFIG` or `~/.kube/config` if None.
        context: context in it; its current one if None.
    """

    kubeconfig: str | None = None
    context: str | None = None

    def argv(self, *arguments: str) -> list[str]:
        """The command as a list of program and arguments."""
        return ["kubectl", *self._access(), *arguments]

    def line(self, *arguments: str) -> str:
        """The command as typed in a shell."""
        return shlex.join(self.argv(*arguments))

    async def run(self, *arguments: str) -> str:
        """The output of the command.

        Raises:
            KubectlError: it could not be run, or failed.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *self.argv(*arguments),
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
            msg = f"kubectl timed out after {SECONDS} s"
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


def mapping(part: Object, key: str) -> Object:
    """The mapping under a key; an empty one if the API server omits it."""
    return part.get(key) or {}


def listed(part: Object, key: str) -> list[Object]:
    """The list under a key; an empty one if the API server omits it."""
    return part.get(key) or []
