#!/bin/sh
# Sourced by other scripts: what a set contains of the app's Secrets, encrypted. Environment: BACKUP_KEY, the passphrase.

# Prints the folders below $SECRETS of those that exist. Others have an empty one, but for files that Kubernetes adds, whose names
# begin with two dots.
existing_secrets() {
  (cd "$SECRETS" && find . -mindepth 2 -maxdepth 2 ! -name '..*' | cut -d / -f 1,2 | sort -u)
}

encrypt() {
  openssl enc -aes-256-cbc -pbkdf2 -iter 100000 -salt -pass env:BACKUP_KEY
}

decrypt() {
  openssl enc -d -aes-256-cbc -pbkdf2 -iter 100000 -pass env:BACKUP_KEY
}

# One checksum of all names and values in an archive of Secrets, whichever tar has written it.
digest_of_secrets() (
  # tar's own status, which a pipe does not pass on. Nothing of the values is written to a file.
  # shellcheck disable=SC2016
  values=$(tar -x --to-command='printf "%s  %s\n" "$(sha256sum)" "$TAR_FILENAME"') || exit
  printf '%s\n' "$values" | sort | sha256sum
)
