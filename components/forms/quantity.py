"""Kubernetes quantities as settings: `8Gi` of storage, `1Gi` of memory, `250m` of a CPU."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from components.forms.base import refuse

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_BYTES = re.compile(r"([1-9][0-9]*)(Ki|Mi|Gi|Ti)")
_CPU = re.compile(r"([1-9][0-9]*)m|([0-9]+(?:\.[0-9]{1,3})?)")


def to_bytes(quantity: str) -> int:
    """Bytes of a quantity such as `8Gi`.

    Raises:
        ValueError: not a whole number with a binary unit.
    """
    match = _BYTES.fullmatch(quantity)
    if match is None:
        raise ValueError(f"not a number of bytes with a binary unit: {quantity}")
    return int(match[1]) * _BINARY[match[2]]


def to_millicpu(quantity: str) -> int:
    """Thousandths of a CPU of a quantity such as `250m`, `2` or `0.5`.

    Raises:
        ValueError: neither form, or zero.
    """
    match = _CPU.fullmatch(quantity)
    milli = 0 if match is None else int(match[1]) if match[1] else round(float(match[2]) * 1000)
    if milli <= 0:
        raise ValueError(f"not a number of CPUs: {quantity}")
    return milli


def _size_between(least: str, most: str) -> AfterValidator:
    def check(value: str) -> str:
        match = _BYTES.fullmatch(value)
        if match is None or not to_bytes(least) <= to_bytes(value) <= to_bytes(most):
            refuse(f"a whole number with unit Ki, Mi, Gi or Ti, from {least} to {most}")
        return value

    return AfterValidator(check)


def _cpu(value: str) -> str:
    try:
        milli = to_millicpu(value)
    except ValueError:
        milli = 0
    if not 10 <= milli <= 256_000:
        refuse("a number of CPUs from 10m to 256, such as 250m, 0.5 or 2")
    return value


def _number_as_text(value: object) -> object:
    # YAML reads a bare `2` as a number.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


_BYTES_SCHEMA = WithJsonSchema({"type": "string", "pattern": f"^{_BYTES.pattern}$"})

VolumeSize = Annotated[str, _size_between("1Gi", "64Ti"), _BYTES_SCHEMA]
"""Size of a volume. The minimum is the default `max_wal_size`; the maximum is the largest disk of the big clouds."""

MemorySize = Annotated[str, _size_between("256Mi", "4Ti"), _BYTES_SCHEMA]
"""Memory of a database container. A server with a hundred connections needs at least 256Mi."""

Cpu = Annotated[
    str,
    BeforeValidator(_number_as_text),
    AfterValidator(_cpu),
    WithJsonSchema({"type": ["string", "number"], "pattern": f"^({_CPU.pattern})$"}),
]
"""CPUs, as a Kubernetes quantity."""
