#!/bin/sh
# Writes SHA256SUMS of all other files of a set, under that name once it is complete. Environment: SET, the folder.
set -eu
cd "$SET"
find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >"$SET.sums"
sync
mv "$SET.sums" SHA256SUMS
