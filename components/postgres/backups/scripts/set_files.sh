#!/bin/sh
# Sourced by other scripts: the files of a set.

# Prints why the files of a set are not those of its SHA256SUMS: all of them, unchanged, and no others. Nothing if they are.
# `PROVEN` is stored beside them.
check_files() ( # check_files SET
  cd "$1" || exit
  if [ ! -s SHA256SUMS ]; then
    echo "it has no SHA256SUMS"
    return
  fi
  sha256sum -c SHA256SUMS 2>&1 | grep -v ': OK$' || true
  listed=$(sed 's/^[0-9a-f]\{64\}  //' SHA256SUMS | sort)
  found=$(find . -type f ! -path ./SHA256SUMS ! -path ./PROVEN | sort)
  if [ "$listed" != "$found" ]; then
    printf '%s\n%s\n' "$listed" "$found" | sort | uniq -u | sed 's/$/: in SHA256SUMS or among the files, but not in both/'
    printf '%s\n' "$listed" | uniq -d | sed 's/$/: twice in SHA256SUMS/'
  fi
)

# Prints the names in the folder of a set that do not belong there. Nothing if there are none.
check_names() ( # check_names SET DATABASES (their number)
  cd "$1" || exit
  find . -mindepth 1 -maxdepth 1 ! -name databases ! -name SHA256SUMS ! -name manifest.json ! -name secrets.enc ! -name PROVEN
  number=0
  while [ "$number" -lt "$2" ]; do
    number=$((number + 1))
    printf './databases/%s\n./databases/%s.csv\n' "$number" "$number"
  done | sort >"$1.names"
  find ./databases -mindepth 1 -maxdepth 1 | sort | comm -13 "$1.names" -
  rm "$1.names"
)
