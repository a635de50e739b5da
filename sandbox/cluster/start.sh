#!/bin/sh
# Become a process of the node: join its cgroups, then enter its namespaces and run the program.
# start.sh "CGROUP.PROCS ..." NSENTER-OPTIONS... -- PROGRAM ARGUMENTS...
set -eu
for procs in $1; do
	echo $$ >"$procs"
done
shift
exec nsenter "$@"
