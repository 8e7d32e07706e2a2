#!/bin/sh
# Parses every script with the shell that would run it, without running it.
set -u
cd "$(dirname -- "$0")/.." || exit 1

find src test tools -name '*.sh' | LC_ALL=C sort | {
  bad=0
  while IFS= read -r file; do
    if sh -n "$file"; then echo "ok $file"; else bad=1; fi
  done
  [ "$bad" -eq 0 ]
}
