#!/bin/sh
# Sourced by other scripts: what is checked of a set, before it is restored and after.
# Environment: APP_DATABASES, names, one per line; PRIVATE, a folder in memory; BACKUP_KEY, the passphrase of the Secrets.
# The script that sources this defines `set`, the folder of the set; `work`, a folder for files; `reject REASON`, which exits;
# and `sql DATABASE ARGUMENT…`, psql that stops at the first error and prints rows only, in any database if that is empty.
: "${set:?}" "${work:?}" "${here:?}"
export manifest="$set/manifest.json"
# shellcheck source=components/postgres/backups/scripts/secrets.sh
. "$here/secrets.sh"
# shellcheck source=components/postgres/backups/scripts/set_files.sh
. "$here/set_files.sh"

value() { # value KEY,…: of the manifest
  sql "" --set=path="$1" --file="$here/manifest_value.sql"
}

has() { # has FILE: that a restore needs
  [ -s "$set/$1" ] || reject "it has no $1"
}

# Runs a file of SQL that prints reasons to reject the set. An error in it is due to what it reads; psql's status is then 3.
reject_if() { # reject_if READ FILE ARGUMENT…
  read=$1 file=$2
  shift 2
  reasons=$(cd "$work" && sql "" "$@" --file="$file") || {
    [ $? -ne 3 ] || reject "$read cannot be read"
    exit 1
  }
  [ -z "$reasons" ] || reject "$reasons"
}

check_manifest() { # check_manifest KNOWN NAMES: and the Secrets; the arguments are those of set_checks.sql
  has manifest.json
  format=$(value format) || {
    [ $? -ne 3 ] || reject "its manifest cannot be read"
    exit 1
  }
  [ "$format" = 1 ] || reject "it has the format $format, which this version does not read"
  read_secrets
  secrets="$work/secrets" reject_if "its manifest" "$here/set_checks.sql" --set=known="$1" --set=names="$2" \
    --set=databases="$APP_DATABASES"
  compare_secrets
}

check_archives() { # all that can be known of them without restoring them; leaves their number in `total`
  total=$(printf '%s\n' "$APP_DATABASES" | wc -l)
  reasons=$(check_names "$set" "$total" | sed 's/$/: does not belong there/')
  [ -z "$reasons" ] || reject "$reasons"
  number=0
  while [ "$number" -lt "$total" ]; do
    number=$((number + 1))
    check_archive "$number"
  done
}

# Decrypts the Secrets of the set into $PRIVATE/secrets.tar, where they are already if the set was encrypted with age.
read_secrets() {
  if [ -e "$set/secrets.enc" ]; then
    decrypt <"$set/secrets.enc" >"$PRIVATE/secrets.tar" 2>/dev/null ||
      reject "its secrets.enc cannot be decrypted with the backup key"
  fi
  [ -s "$PRIVATE/secrets.tar" ] || reject "it has no secrets.enc"
  tar -t -f "$PRIVATE/secrets.tar" >"$work/secrets" 2>/dev/null ||
    reject "its secrets.enc contains no archive: it is damaged, or the backup key is another one"
}

# With the checksums in the manifest, which dump.sh has encrypted with the backup key: that of the archive, and since a later
# version one of names and values, for sets that age has encrypted with an archive that another tar has written.
compare_secrets() {
  dumped=$(value secretsChecksum | base64 -d 2>/dev/null | decrypt 2>/dev/null) || dumped=""
  if [ -e "$set/secrets.enc" ]; then
    compared=$(sha256sum <"$PRIVATE/secrets.tar") known=$(printf '%s\n' "$dumped" | sed -n 1p)
  elif known=$(printf '%s\n' "$dumped" | sed -n 2p) && [ -n "$known" ]; then
    compared=$(digest_of_secrets <"$PRIVATE/secrets.tar" 2>/dev/null) || compared=""
  else
    say "the Secrets are not compared: the backup key is not that of the set, or the set is of an older version"
    return
  fi
  [ "$compared" = "$known" ] || reject "its secrets.enc differs from what was dumped"
}

check_archive() { # check_archive NUMBER: leaves the archive's list in $work/NUMBER.list
  has "databases/$1.csv"
  has "databases/$1/toc.dat"
  pg_restore --list "$set/databases/$1" >"$work/$1.list" 2>"$work/error" ||
    reject "the archive of its database $1 cannot be read: $(head -n 1 "$work/error")"
  cp "$set/databases/$1.csv" "$work/source"
  list="$work/$1.list" reject_if "the fingerprint of its database $1" "$here/archive_checks.sql" --set=number="$1" \
    --set=bytes="$(find "$set/databases/$1" -type f -exec cat '{}' + | wc -c)"
}

compare_restored() { # compare_restored NUMBER DATABASE: with what was dumped
  definitions=no
  [ "$(value major)" != "$(($(sql "" --command='SHOW server_version_num') / 10000))" ] || definitions=yes
  cp "$set/databases/$1.csv" "$work/source"
  sql "$2" --csv --set=definitions="$definitions" --file="$here/fingerprint.sql" >"$work/target"
  (cd "$work" && sql "" --set=live=yes --file="$here/compare_fingerprints.sql") >"$work/compared" || {
    grep -v '|same$' "$work/compared" >&2 || true
    reject "its database $1 differs from what was dumped"
  }
}
