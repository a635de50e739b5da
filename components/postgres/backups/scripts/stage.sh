#!/bin/sh
# Runs a stage for the set of this pod, which is named after the time when the pod's first stage began: stage.sh NAME. A stage
# that creates the file $SCRATCH/skipped is the last one.
# Environment: SCRATCH, the folder of the pod's volume; and that of the stage.
set -eu
if [ -e "$SCRATCH/skipped" ]; then
  exit 0
fi
if [ ! -s "$SCRATCH/name" ]; then
  date -u +%Y%m%dT%H%M%SZ >"$SCRATCH/name.new"
  mv "$SCRATCH/name.new" "$SCRATCH/name"
fi
SET=$SCRATCH/$(cat "$SCRATCH/name")
export SET
exec sh "$(dirname "$0")/$1.sh"
