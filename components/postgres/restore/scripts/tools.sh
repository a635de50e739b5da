#!/bin/sh
# Copies kubectl, one static program, to where the next container finds it. Environment: TOOLS, a folder.
set -eu
cp "$(command -v kubectl)" "$TOOLS/kubectl"
