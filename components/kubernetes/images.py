"""Images from a mirror instead of the registries in their names."""


def mirrored(reference: str, registry: str | None) -> str:
    """The reference of the same image on a mirror: the registry is replaced, path and tag stay.

    As Helm charts do it with a registry for all images. A short name is Docker Hub's: `postgres:17` has the path
    `library/postgres`.

    Args:
        reference: an image, with or without registry, tag and digest.
        registry: host of the mirror, with a port or a path if there is one; None for no mirror.
    """
    if registry is None:
        return reference
    first, slash, rest = reference.partition("/")
    if not slash:
        return f"{registry}/library/{reference}"
    if not (first == "localhost" or "." in first or ":" in first):
        return f"{registry}/{reference}"
    if first == "docker.io" and "/" not in rest:
        return f"{registry}/library/{rest}"
    return f"{registry}/{rest}"
