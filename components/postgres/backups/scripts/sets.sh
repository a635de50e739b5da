#!/bin/sh
# Sourced by other scripts: the stored sets of an app. Environment: STORE, their folder as rclone names it; RCLONE_CONFIG_…,
# rclone's own settings.

# Its settings come from the environment only.
export RCLONE_CONFIG=/dev/null

sets_with() { # sets_with FILE: names of the sets that have the file, oldest first
  rclone lsf --recursive --files-only --max-depth 2 --include "/*/$1" "$STORE" | sed -n 's|^\([0-9]\{8\}T[0-9]\{6\}Z\)/.*|\1|p' | sort
}

older() { # older NAME NAME: whether a set is older than another, by their names
  [ "$(printf '%s' "$1" | tr -d TZ)" -lt "$(printf '%s' "$2" | tr -d TZ)" ]
}
