"""Dagster's address: its `url`, and the chart values that must match it."""

from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from components.forms.base import KeyPath, Refusal

_PREFIX: KeyPath = ("values", "dagsterWebserver", "pathPrefix")
_INGRESS: KeyPath = ("values", "ingress", "dagsterWebserver")


def path_prefix(url: str | None, values: Mapping[str, Any]) -> str:
    """Path of the webserver: that of the values, else that of the URL; empty for the root."""
    return given_prefix(values) or (_path(url) if url else "")


def given_prefix(values: Mapping[str, Any]) -> str:
    """`dagsterWebserver.pathPrefix`; empty if the values do not set it."""
    given = _at(values, *_PREFIX[1:])
    return given if isinstance(given, str) else ""


def address_refusals(url: str | None, values: Mapping[str, Any]) -> Iterator[Refusal]:
    """A path prefix or an ingress that does not match `url`; paths begin below the app."""
    prefix = given_prefix(values)
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        yield Refusal(_PREFIX, prefix, "a path that begins with / and does not end with it, such as /dagster")
    elif url and prefix and prefix != _path(url):
        path = _path(url)
        allowed = f"{path}, the path of `url`" if path else "nothing, since `url` has no path, or that path in `url`"
        yield Refusal(_PREFIX, prefix, allowed, (("url",), _PREFIX))
    if not url or not _at(values, "ingress", "enabled"):
        return
    reads = (("url",), ("values", "ingress"), _PREFIX)
    host, rule = _at(values, *_INGRESS[1:], "host"), _at(values, *_INGRESS[1:], "path")
    if isinstance(host, str) and host and host != urlsplit(url).hostname:
        yield Refusal((*_INGRESS, "host"), host, f"{urlsplit(url).hostname}, the host of `url`", reads)
    # Some ingress controllers write a prefix as `/*`.
    below = rule.rstrip("*").rstrip("/") if isinstance(rule, str) else ""
    if below and not f"{_path(url)}/".startswith(f"{below}/"):
        allowed = f"{_path(url) or '/'}, the path of `url`"
        yield Refusal((*_INGRESS, "path"), rule, allowed, reads)


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _at(values: Mapping[str, Any], *keys: str | int) -> object:
    value: object = values
    for key in keys:
        value = cast("Mapping[str | int, object]", value).get(key) if isinstance(value, Mapping) else None
    return value
