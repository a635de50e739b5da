#!/bin/sh
# Writes a passwd file in which the current user id has a name, to be mounted as /etc/passwd: initdb and single-user mode
# refuse a user id without one, and clusters such as OpenShift run pods with user ids that no image knows.
# Arguments: the file.
set -eu

# The entry comes first: of several entries with the same user id, the first is used.
{
  printf 'postgres:x:%s:%s:PostgreSQL:/var/lib/postgresql:/bin/sh\n' "$(id -u)" "$(id -g)"
  grep -v '^postgres:' /etc/passwd
} >"$1"
