#!/bin/sh
# Names of the sets in a folder that have a file, oldest first: list_sets.sh FOLDER FILE.
set -eu
[ -d "$1" ] || exit 0
cd "$1"
for set in */; do
  if [ -s "$set$2" ]; then
    echo "${set%/}"
  fi
done | sort
