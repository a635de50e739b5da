#!/bin/sh
# nslookup that succeeds as soon as one name of the search list resolves, as in the official image of BusyBox, by which
# charts wait for Services. BusyBox 1.35 by itself asks for every name of the list and fails if one does not exist. In
# this image its own is called nslookuq (busybox.py).
set -eu

case "${1:-}" in
# Nothing to complete: no name, an option, a name that is complete, an address.
"" | -* | *. | *:* | *[0-9].[0-9]*) exec busybox nslookuq "$@" ;;
esac
name=$1
shift
search=$(sed -n 's/^search[[:space:]]*//p' /etc/resolv.conf | tail -n 1)
for domain in $search ""; do
	if answer=$(busybox nslookuq "$name.${domain:+$domain.}" "$@" 2>&1); then
		printf '%s\n' "$answer"
		exit
	fi
done
printf '%s\n' "$answer" >&2
exit 1
