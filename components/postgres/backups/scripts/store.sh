#!/bin/sh
# Stores a set, compares what is stored with it, and deletes the sets that are no longer retained.
# Environment: SET, the folder of the set, and its outcome in $SET.proven; STORE, the folder of the app's sets as rclone
# names it; RETENTION_DAYS and RETENTION_COUNT: a set is deleted when it is older than the days, unless it is one of so many
# newest proven ones; DEADLINE_SECONDS, the deadline of a run: an incomplete set that is older was left by an interrupted
# one; OUTCOME, a file for the outcome; RCLONE_CONFIG_…, rclone's own settings.
set -eu
umask 077
here=$(dirname "$0")
# shellcheck source=components/postgres/backups/scripts/sets.sh
. "$here/sets.sh"

say() {
  printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"
}
begun=$(date +%s)
name=$(basename "$SET")

named() { # named SECONDS: the name of a set of that time
  date -u -d "@$1" +%Y%m%dT%H%M%SZ
}

# It stops being complete first: an interruption leaves a set that the next run deletes.
delete_set() {
  rclone delete --max-depth 1 --include /PROVEN "$STORE/$1"
  rclone delete --max-depth 1 --include /SHA256SUMS "$STORE/$1"
  rclone purge "$STORE/$1"
}

[ -s "$SET/SHA256SUMS" ] && [ -s "$SET.proven" ] || {
  echo "the set is not complete, or not proven" >&2
  exit 3
}
# A bucket has no folders, a volume has.
rclone mkdir "$STORE/$name"
complete=$(sets_with SHA256SUMS)
begun_before=$(named $((begun - DEADLINE_SECONDS)))
for set in $(rclone lsf --dirs-only "$STORE" | sed -n 's|^\([0-9]\{8\}T[0-9]\{6\}Z\)/$|\1|p'); do
  if ! printf '%s\n' "$complete" | grep -qx "$set" && older "$set" "$begun_before" && [ "$set" != "$name" ]; then
    say "deleting $set, which an interrupted run has left"
    delete_set "$set"
  fi
done

say "storing $name, $(du -sh "$SET" | cut -f 1)"
rclone copy --exclude /SHA256SUMS --stats 10s --stats-one-line --stats-log-level NOTICE "$SET" "$STORE/$name"
rclone check --download --one-way --exclude /SHA256SUMS "$SET" "$STORE/$name" 2>"$SET.checked" || {
  cat "$SET.checked" >&2
  echo "what is stored differs from what was dumped" >&2
  exit 1
}
rclone copyto "$SET/SHA256SUMS" "$STORE/$name/SHA256SUMS"
rclone copyto "$SET.proven" "$STORE/$name/PROVEN"
say "stored and compared: $name, $(($(date +%s) - begun)) s"

oldest=$(named $((begun - RETENTION_DAYS * 86400)))
kept=$(sets_with PROVEN | tail -n "$RETENTION_COUNT")
for set in $(sets_with SHA256SUMS); do
  if older "$set" "$oldest" && ! printf '%s\n' "$kept" | grep -qx "$set"; then
    say "deleting $set: older than $RETENTION_DAYS days, and not one of the $RETENTION_COUNT newest"
    delete_set "$set"
  fi
done
printf '{"set": "%s", "outcome": %s, "sets": %s}\n' "$name" "$(cat "$SET.proven")" "$(sets_with PROVEN | wc -l)" |
  tee "$OUTCOME"
rm -rf "$SET" "$SET.proven" "$SET.checked"
