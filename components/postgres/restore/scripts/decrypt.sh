#!/bin/sh
# Decrypts a fetched set that is encrypted with age; leaves others as they are. Exit status: 3 if it cannot be decrypted.
# Environment: SCRATCH, the folder of the pod's volume; IDENTITY, a file with private keys of age, which the Secret
# IDENTITY_SECRET contains; PRIVATE, a folder in memory, for the archive with the app's Secrets.
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
umask 077
cd "$SCRATCH/set"
if [ -z "$(find . -name '*.age' | head -n 1)" ]; then
  say "the set is not encrypted with age"
  exit 0
fi
[ -s "$IDENTITY" ] || refuse "the set is encrypted with age, and the Secret $IDENTITY_SECRET with a private key does not exist:" \
  "see docs/backups.md, Restore"

files=$(find . -name '*.age' | sort)
for file in $files; do
  target=${file%.age}
  [ "$file" != ./secrets.enc.age ] || target=$PRIVATE/secrets.tar
  age --decrypt --identity "$IDENTITY" --output "$target" "$file" 2>"$SCRATCH/error" ||
    refuse "${file#./} cannot be decrypted, and nothing was changed: $(head -n 1 "$SCRATCH/error")"
  rm "$file"
done
say "decrypted: $(printf '%s\n' "$files" | wc -l) files"
