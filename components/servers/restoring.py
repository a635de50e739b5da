"""Restoring a new server from a backup: what every kind has in common."""

from collections.abc import Iterator, Mapping, Sequence

import pulumi

from components.forms.base import Placeholder, Refusal


def one_of_refusals(given: Mapping[str, object]) -> Iterator[Refusal]:
    """None of several sources, or more than one of them.

    Args:
        given: the sources by key, None for those that are absent.
    """
    reads = tuple((key,) for key in given)
    present = [key for key, value in given.items() if value is not None]
    words = " or ".join(f"`{key}`" for key in given)
    if not present:
        yield Refusal(reads[0], Placeholder.NOTHING, f"either {words}", reads)
    for key in present[1:]:
        yield Refusal((key,), given[key], f"only one of {words}", reads)


def server_options(former_name: str, origin: list[str]) -> pulumi.ResourceOptions:
    """Options of an operator's resource that is a server, whose name ends in the server's own.

    The operator reads what a server begins with when it creates it: a server that was restored stays as it is when
    `restoreFrom` is removed. Pulumi would ignore those properties of a replacement, too, and let it begin as the old
    server did; with the server's name in that of the resource, another server is another resource.

    Args:
        former_name: name of the resource before it ended in the server's.
        origin: properties that say what the server begins with.
    """
    return pulumi.ResourceOptions(ignore_changes=origin, aliases=[pulumi.Alias(name=former_name)])


def read_once(*, restored: bool, properties: list[str]) -> pulumi.ResourceOptions:
    """Options of a cloud's instance whose properties say what it is restored from.

    They are read when the instance is created. When `restoreFrom` is removed, nothing changes. When it comes to an
    instance that exists, or changes, the instance would have to be replaced, which its protection refuses; nothing is
    restored over it.

    Args:
        restored: whether the stack file has a `restoreFrom`.
        properties: the properties, in camelCase.
    """
    if restored:
        return pulumi.ResourceOptions(replace_on_changes=properties)
    return pulumi.ResourceOptions(ignore_changes=properties)


def refuse_late(name: str, *, wanted: pulumi.Input[list[str]], actual: pulumi.Output[list[str]], another: str) -> None:
    """Fail if a server that exists was not restored from what the stack file says.

    A server is restored when it is created, and what it was created from is never changed afterwards. Without this, a
    `restoreFrom` that comes later would do nothing and say nothing.

    Args:
        name: name of the server's component.
        wanted: what the server shall be restored from, in words.
        actual: what it was restored from, in the same words; empty for a server that was created empty. Unknown in a
            preview before there is a server, and not looked at then.
        another: the setting that a new server needs another value of.
    """

    def compare(both: Sequence[list[str]]) -> None:
        asked, found = both
        if found == asked:
            return
        was = f"restored from {', '.join(found)}" if found else "created empty"
        raise pulumi.RunError(
            f"{name}: `restoreFrom` says {', '.join(asked)}, but the server exists already and was {was}. A server is"
            f" restored only when it is created: remove `restoreFrom`, or give another `{another}` for a new server."
        )

    pulumi.Output.all(wanted, actual).apply(compare)
