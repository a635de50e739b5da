#!/bin/sh
# Make the node's mount namespace and hold it: node.sh STATE, run by `unshare --mount --propagation slave`.
# What the node mounts ends with its last process and never shows on the host; nor does what it writes to /run
# (container runtime, locks) and /var/log (links to the pods' logs).
set -eu
state=$1
mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p "$state/var-log"
mount --bind "$state/var-log" /var/log
exec sleep infinity
