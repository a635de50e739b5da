#!/bin/sh
# Stores a set, checks what was stored, marks it as proven, and deletes the sets that are no longer retained.
# Environment: SET, the folder of the set, and its outcome in $SET.proven; STORE, the folder of the app's sets as rclone
# names it; RETENTION_DAYS and RETENTION_COUNT: a set is deleted when it is older than the days, unless it is one of so many
# newest proven ones; DEADLINE_SECONDS, the deadline of a run: an incomplete set that is older was left by an interrupted
# one; RCLONE_CONFIG_…, rclone's own settings.
set -eu
say() {
  printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"
}
begun=$(date +%s)
name=$(basename "$SET")

# Paths of a file in each set, without the file: sets_with FILE
sets_with() {
  rclone lsf --recursive --files-only --max-depth 2 --include "/*/$1" "$STORE" | sed 's|/.*||' | sort
}

# older SET TIME: whether the set's name, its time, is before another one.
older() {
  [ "$(printf '%s' "$1" | tr -d TZ)" -lt "$(printf '%s' "$2" | tr -d TZ)" ]
}

# That a set is complete ends first: what an interruption leaves is an incomplete set.
delete_set() {
  rclone deletefile "$STORE/$1/SHA256SUMS" 2>/dev/null || true
  rclone purge "$STORE/$1"
}

# rclone creates no folder for a bucket's name below; for a volume it does.
rclone mkdir "$STORE"
before=$(date -u -d "@$((begun - DEADLINE_SECONDS))" +%Y%m%dT%H%M%SZ)
complete=$(sets_with SHA256SUMS)
for set in $(rclone lsf --dirs-only "$STORE" | sed -n 's|^\([0-9]\{8\}T[0-9]\{6\}Z\)/$|\1|p'); do
  if ! printf '%s\n' "$complete" | grep -qx "$set" && older "$set" "$before"; then
    say "deleting $set, which an interrupted run has left"
    delete_set "$set"
  fi
done

say "storing $name, $(du -sh "$SET" | cut -f 1)"
rclone copy --exclude /SHA256SUMS --stats 10s --stats-one-line --stats-log-level NOTICE "$SET" "$STORE/$name"
rclone check --download --one-way --exclude /SHA256SUMS "$SET" "$STORE/$name" 2>"$SET.checked" || {
  cat "$SET.checked" >&2
  say "what is stored differs from what was dumped" >&2
  exit 1
}
rclone copyto "$SET/SHA256SUMS" "$STORE/$name/SHA256SUMS"
rclone copyto "$SET.proven" "$STORE/$name/PROVEN"
say "stored and checked: $name, $(($(date +%s) - begun)) s"

oldest=$(date -u -d "@$((begun - RETENTION_DAYS * 86400))" +%Y%m%dT%H%M%SZ)
kept=$(sets_with PROVEN | tail -n "$RETENTION_COUNT")
for set in $(sets_with SHA256SUMS); do
  if older "$set" "$oldest" && ! printf '%s\n' "$kept" | grep -qx "$set"; then
    say "deleting $set: older than $RETENTION_DAYS days, and not one of the $RETENTION_COUNT newest"
    delete_set "$set"
  fi
done
printf '{"set": "%s", "outcome": %s, "sets": %s}\n' "$name" "$(cat "$SET.proven")" "$(sets_with PROVEN | wc -l)" >"${OUTCOME:-/dev/termination-log}"
rm -rf "$SET" "$SET.proven" "$SET.checked"
