#!/bin/sh
# Stands in for kubectl in tests of scripts, which have no cluster: Deployments and Secrets are files in $CLUSTER. Everything
# that it is asked is appended to $CLUSTER/log, one line each.
set -eu
# A template has line breaks.
printf '%s\n' "$*" | tr '\n' ' ' | sed 's/ $//' >>"$CLUSTER/log"
echo >>"$CLUSTER/log"
deployments=$CLUSTER/deployments
[ -e "$CLUSTER/fail" ] && [ "$(cat "$CLUSTER/fail")" = "$1" ] && { echo "kubectl: $1: refused" >&2; exit 1; }
case "$1 $2" in
  "get secret")
    case "$*" in
      *go-template*) sed -n "s/.*index .data \"\([^\"]*\)\".*/\1/p" <<KEY | { read -r key; cat "$CLUSTER/secrets/$3/$key"; } ;;
$*
KEY
      *) [ -e "$CLUSTER/secrets/$3" ] ;;
    esac
    ;;
  "get deployments") cat "$deployments" ;;
  "scale deployment") sed -i "s/^\(1 $3\) [0-9]*/\1 ${6#--replicas=}/" "$deployments" ;;
  "annotate deployment")
    case "$6" in
      *-) sed -i "s/^\(1 $3 [0-9]*\) [^ ]*/\1 <nil>/" "$deployments" ;;
      *=*) sed -i "s/^\(1 $3 [0-9]*\) [^ ]*/\1 ${6#*=}/" "$deployments" ;;
    esac
    ;;
  "wait pod" | "rollout status") ;;
  "patch secret") mkdir -p "$CLUSTER/secrets/$3"; cat >"$CLUSTER/secrets/$3/object" ;;
  "create --namespace")
    cat >"$CLUSTER/new"
    name=$(sed 's/.*"name": "\([^"]*\)".*/\1/' "$CLUSTER/new")
    mkdir -p "$CLUSTER/secrets/$name"
    mv "$CLUSTER/new" "$CLUSTER/secrets/$name/object"
    ;;
  *) echo "no answer for: $*" >&2; exit 2 ;;
esac
