#!/bin/sh
# Part of bootstrap.sql: the extensions, each in its database. Environment: as of bootstrap.sh.
set -eu
set -f
IFS='
'
for wanted in $APP_EXTENSIONS; do
  PGDATABASE=${wanted%:*} psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=extension="${wanted##*:}" \
    --file="$HERE/extension.sql"
done
