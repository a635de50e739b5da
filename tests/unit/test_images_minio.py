"""MinIO's image does what the official one does for charts that know nothing of the sandbox."""

import tarfile
from pathlib import Path, PurePosixPath

from sandbox.images import busybox, minio
from sandbox.images.cache import Builder


def test_mc_has_a_folder_for_its_settings_that_every_user_may_write_to(tmp_path: Path) -> None:
    """The official chart's Pod that makes buckets runs as a user without a home."""
    folder = PurePosixPath(minio.image([], []).env["MC_CONFIG_DIR"])
    layer = busybox.shell_layer(Builder(tmp_path, Path, lambda line: None))
    with tarfile.open(layer) as tar:
        above = tar.getmember(str(folder.parent).lstrip("/"))
    assert above.isdir()
    assert above.mode & 0o1777 == 0o1777
