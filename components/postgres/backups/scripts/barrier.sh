#!/bin/sh
# Waits until the folder $moment has so many files of a kind: barrier.sh KIND COUNT. Fails when the folder is removed.
set -eu
: "${moment:?}"
until [ "$(find "$moment" -name "*.$1" | wc -l)" -ge "$2" ]; do
  [ -d "$moment" ]
  sleep 0.02
done
