"""Stacks that tests make for themselves and take away again."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.sandbox.deployments import App
from tests.sandbox.stack import Outcome, Stack, remove
from tests.sandbox.sweep import passwords
from tests.support.cluster import objects, until


class OwnedStack:
    """A stack that begins from nothing, whatever an interrupted run left, and of which nothing stays.

    Attributes:
        stack: to run Pulumi on it.
        first: outcome of the `pulumi up` that made it; None before.
        settled: whether it is deployed as its file says. Who changes something says so with `unsettle`.
        former_passwords: passwords that it had when `replace_passwords` was called, and has no more.
    """

    stack: Stack
    first: Outcome | None
    settled: bool
    former_passwords: dict[str, str]

    def __init__(
        self, source: Path, folder: Path, apps: Sequence[App], *, further_namespaces: Sequence[str] = ()
    ) -> None:
        self._source, self._folder = source, folder
        self.namespaces = sorted({*(app.namespace for app in apps), *further_namespaces})
        self.first, self.settled = None, False
        self.former_passwords = {}

    def __enter__(self) -> Self:
        self.remove()
        self.stack = Stack.made_from(self._source, self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def settle(self) -> Outcome | None:
        """Run `pulumi up` unless all is as the stack file says; return what it did."""
        if self.settled:
            return None
        done = self.stack.up().check()
        self.first = self.first or done
        self.settled = True
        return done

    def unsettle(self) -> Stack:
        """Return the stack for a test that changes it; the next test that needs it makes it true again."""
        self.settled = False
        return self.stack

    def replace_passwords(self) -> Stack:
        """Return the stack for a test after which all of its passwords are others."""
        number = len(self.former_passwords)
        self.former_passwords |= {f"{number} {name}": word for name, word in passwords(self.stack).items()}
        return self.unsettle()

    def remove(self) -> None:
        """Take away everything, and wait until the volumes are gone, too."""
        self.settled = False
        remove(self._source.stem, self.namespaces)
        until("volumes removed", self._volumes_are_gone, 60)

    def _volumes_are_gone(self) -> tuple[bool, list[str]]:
        volumes = [volume for volume in objects("persistentvolumes") if "claimRef" in volume["spec"]]
        left = [v["metadata"]["name"] for v in volumes if v["spec"]["claimRef"]["namespace"] in self.namespaces]
        return not left, left
