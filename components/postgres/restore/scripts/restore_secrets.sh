#!/bin/sh
# Sourced by restore_steps.sh: the Secrets in a set. They are in memory and in pipes only.
: "${PRIVATE:?}"

keys_of() { # keys_of SECRET: its keys in the set, one per line
  tar -t -f "$PRIVATE/secrets.tar" | sed -n "s|^\./$1/\([^/]\{1,\}\)\$|\1|p"
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
    tar -x -O -f "$PRIVATE/secrets.tar" "./$1/$key" | base64 -w 0
    printf '"'
    comma=", "
  done
  printf '}}'
}
