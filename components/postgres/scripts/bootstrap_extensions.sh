#!/bin/sh
# Part of bootstrap.sql: creates each extension in its database. Environment: as in bootstrap.sh.
set -eu
set -f
IFS='
'
for wanted in $APP_EXTENSIONS; do
  PGDATABASE=${wanted%:*} psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=extension="${wanted##*:}" \
    --file="$HERE/extension.sql"
done
