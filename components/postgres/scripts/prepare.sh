#!/bin/sh
# Runs before the server starts: creates the data directory if it does not exist, then sets the admin role's password to the
# one in the Secret.
# Environment: PGDATA; ADMIN_PASSWORD_FILE, a file that holds the password.
set -eu

initialise() {
  # Created under another name and renamed: an interrupted run leaves no incomplete data directory.
  rm -rf "$PGDATA.new"
  initdb --pgdata="$PGDATA.new" --username=postgres --pwfile="$ADMIN_PASSWORD_FILE" \
    --auth-local=peer --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --data-checksums --set=huge_pages=off
  mv "$PGDATA.new" "$PGDATA"
  sync -f "$PGDATA"
}

check_version() {
  volume=$(cat "$PGDATA/PG_VERSION")
  image=$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  if [ "$volume" != "$image" ]; then
    echo "the volume contains data of PostgreSQL $volume, but the image is PostgreSQL $image:" \
      "set postgresql.image to version $volume, or migrate the data by dump and restore" >&2
    exit 1
  fi
}

set_admin_password() {
  # Single-user mode reads one statement per line. The password is never an argument nor in a logged statement.
  quoted=$(sed "s/'/''/g" "$ADMIN_PASSWORD_FILE")
  printf "SET log_min_error_statement = panic; ALTER ROLE postgres LOGIN SUPERUSER PASSWORD '%s';\n" "$quoted" |
    postgres --single -D "$PGDATA" -c huge_pages=off -c exit_on_error=on -c config_file=/dev/null postgres >/dev/null
}

[ -s "$PGDATA/PG_VERSION" ] || initialise
check_version
set_admin_password
echo "data directory is ready"
