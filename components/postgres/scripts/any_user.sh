#!/bin/sh
# Writes a list of users in which the one that runs this has a name: initdb and single-user mode refuse one without, as a
# cluster that gives pods user ids of its own makes it. To be mounted as /etc/passwd.
# Arguments: the file.
set -eu

# First, for the first entry of a number counts.
{
  printf 'postgres:x:%s:%s:PostgreSQL:/var/lib/postgresql:/bin/sh\n' "$(id -u)" "$(id -g)"
  grep -v '^postgres:' /etc/passwd
} >"$1"
