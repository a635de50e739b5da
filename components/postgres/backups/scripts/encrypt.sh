#!/bin/sh
# Encrypts the files of a set with age to public keys, and the app's Secrets with them instead of with a passphrase.
# Environment: SET, the folder of the set; RECIPIENTS, public keys of age, one per line; SECRETS, a folder with one folder
# for each Secret.
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/backups/scripts/secrets.sh
. "$here/secrets.sh"
umask 077
existing=$(existing_secrets)
printf '%s\n' "$RECIPIENTS" >"$SET.recipients"
cd "$SET"
rm -f SHA256SUMS secrets.enc
# shellcheck disable=SC2086
{ tar -c -h --exclude='..*' -C "$SECRETS" $existing || : >"$SET.failed"; } |
  age --encrypt --recipients-file "$SET.recipients" --output secrets.enc.age
if [ -e "$SET.failed" ]; then
  echo "the Secrets cannot be read" >&2
  exit 1
fi
find . -type f ! -name '*.age' ! -name manifest.json -exec sh -eu -c '
  for file; do
    age --encrypt --recipients-file "$SET.recipients" --output "$file.age" "$file"
    rm "$file"
  done
' sh '{}' +
sh "$here/sums.sh"
rm "$SET.recipients"
echo "encrypted to $(printf '%s\n' "$RECIPIENTS" | wc -l) public keys"
