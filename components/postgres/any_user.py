"""A name for the user that a pod runs as, if its image does not know it, as on OpenShift: `initdb` asks for it."""

from pulumi_kubernetes.core.v1 import VolumeMountArgs

_FILE = "passwd"

NAMING = ("any_user.sh", f"/tmp/{_FILE}")  # noqa: S108 - the container's own
"""Script and argument of the container that gives the name. The pod's volume `tmp` is its `/tmp`."""

PASSWD_MOUNT = VolumeMountArgs(name="tmp", mount_path="/etc/passwd", sub_path=_FILE)
"""What a later container needs to know the name."""
