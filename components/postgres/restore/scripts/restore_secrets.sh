#!/bin/sh
# Sourced by restore_steps.sh: the Secrets in a set. They are in memory and in pipes only.
: "${set:?}" "${PRIVATE:?}" "${here:?}"
# shellcheck source=components/postgres/backups/scripts/secrets.sh
. "$here/secrets.sh"

secrets_archive() { # the archive with the app's Secrets
  if [ -s "$PRIVATE/secrets.tar" ]; then
    cat "$PRIVATE/secrets.tar"
  else
    decrypt <"$set/secrets.enc" 2>/dev/null
  fi
}

keys_of() { # keys_of SECRET: its keys in the set, one per line
  secrets_archive | tar -t | sed -n "s|^\./$1/\([^/]\{1,\}\)\$|\1|p"
}

check_secrets() {
  [ -s "$PRIVATE/secrets.tar" ] || has secrets.enc
  { secrets_archive >/dev/null && secrets_archive | tar -t >/dev/null 2>&1; } ||
    refuse "secrets.enc of the set cannot be decrypted with the backup key; nothing was changed"
  for secret in $(value secrets | sed 's/[]["]//g' | tr ',' '\n' | tr -d ' '); do
    [ -n "$(keys_of "$secret")" ] || refuse "the set does not contain the Secret $secret; nothing was changed"
  done
}

# Those that the app creates by itself, once, and that belong to its rows. All others are the stack's.
restore_secrets() {
  for secret in $APP_SECRETS; do
    keys=$(keys_of "$secret")
    [ -n "$keys" ] || continue
    if kubectl get secret "$secret" --namespace "$NAMESPACE" --output=name >/dev/null 2>&1; then
      secret_object "$secret" | kubectl patch secret "$secret" --namespace "$NAMESPACE" --type=merge --patch-file=/dev/stdin
    else
      secret_object "$secret" | kubectl create --namespace "$NAMESPACE" --filename=-
    fi >/dev/null
    say "Secret $secret: as in the set"
  done
}

secret_object() { # secret_object SECRET; reads keys
  printf '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "%s"}, "data": {' "$1"
  comma=""
  for key in $keys; do
    printf '%s"%s": "' "$comma" "$key"
    secrets_archive | tar -x -O "./$1/$key" | base64 -w 0
    printf '"'
    comma=", "
  done
  printf '}}'
}
