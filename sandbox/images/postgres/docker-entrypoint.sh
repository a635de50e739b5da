#!/bin/sh
# Runs its arguments; options alone are postgres's own. Root becomes the user postgres, as in the official image.
set -eu

case "${1:-postgres}" in
-*) set -- postgres "$@" ;;
esac

if [ "$(id -u)" = 0 ] && [ "$1" = postgres ]; then
	exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
fi
exec "$@"
