#!/bin/sh
# Fetches a stored set and compares it with its sums. Exit status: 3 if there is no such set, or it is damaged.
# Environment: STORE, the folder of the app's sets as rclone names it; WANTED, `newest` or the name of a set; AT, a point in
# time in UTC such as 20260131T020000Z, or empty: with `newest`, the newest set that was begun at that time or before;
# SCRATCH, the folder of the pod's volume; RCLONE_CONFIG_…, rclone's own settings.
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/backups/scripts/sets.sh
. "$here/sets.sh"
# shellcheck source=components/postgres/backups/scripts/set_files.sh
. "$here/set_files.sh"
umask 077
set=$SCRATCH/set
rm -rf "$set" "$SCRATCH/name" "$SCRATCH/advice"

known() { # known NAMES: the newest ones for a message
  printf '%s\n' "$1" | tail -n 5 | tr '\n' ' '
}

complete=$(sets_with SHA256SUMS)
[ -n "$complete" ] || refuse "there is no set in $STORE"
if [ "$WANTED" = newest ]; then
  name=""
  for each in $(sets_with PROVEN); do
    if [ -z "$AT" ] || ! older "$AT" "$each"; then
      name=$each
    fi
  done
  [ -n "$name" ] || refuse "there is no proven set${AT:+ of $AT or before}; the newest ones are $(known "$complete")"
else
  name=$WANTED
  printf '%s\n' "$complete" | grep -qxF "$name" ||
    refuse "there is no complete set $name; the newest ones are $(known "$complete")"
fi

bytes=$(rclone size --json "$STORE/$name" | sed 's/.*"bytes":\([0-9]*\).*/\1/')
free=$(($(df -Pk "$SCRATCH" | awk 'END {print $4}') * 1024))
[ "$bytes" -lt "$free" ] ||
  refuse "set $name has $bytes bytes, but the scratch volume has $free left: raise \`backups.scratch.storageSize\`"

say "fetching $name, $((bytes / 1048576)) MiB"
begun=$(date +%s)
rclone copy --stats 10s --stats-one-line --stats-log-level NOTICE "$STORE/$name" "$set"
others=$(known "$(sets_with PROVEN | grep -vxF "$name")")
echo "Restore another one, with WANTED (docs/backups.md, Restore): the proven ones are $others" >"$SCRATCH/advice"
reasons=$(check_files "$set")
[ -z "$reasons" ] || refuse "set $name is damaged, and nothing was changed:
$reasons
$(cat "$SCRATCH/advice")"
printf '%s' "$name" >"$SCRATCH/name"
say "fetched and compared with its sums: $name, $(($(date +%s) - begun)) s"
