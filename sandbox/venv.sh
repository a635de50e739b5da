#!/usr/bin/env bash
# venv.sh PYTHON FOLDER: makes the virtual environment from the pinned requirements, whole or not at all.
set -euo pipefail
python=$1 venv=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or newer is needed; '$python' is $("$python" --version 2>&1 || true). Name another: make PYTHON=python3.12 …" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  echo "installing python3-venv"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends python3-venv >/dev/null
fi

echo "installing the pinned Python packages into $venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# Byte code is made when a module is first imported: of the clouds' packages, nearly none is, and all of it takes longer
# to compile than to download.
"$venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --requirement requirements-dev.txt
printf '  %-20s %5d s    installed\n' 'Python packages' "$SECONDS"
touch "$venv/ready"
