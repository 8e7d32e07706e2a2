#!/bin/sh
# Prints the newest of the versions given as arguments: sh src/newest.sh 1.2.0 1.10.0
set -eu
. "$(dirname -- "$0")/semver.sh"

if [ $# -eq 0 ]; then
  echo "usage: newest.sh VERSION..." >&2
  exit 64
fi

newest=
for version in "$@"; do
  if ! semver_valid "$version"; then
    printf 'newest.sh: %s is not a version like 1.2.3\n' "$version" >&2
    exit 65
  fi
  if [ -z "$newest" ] || [ "$(semver_compare "$newest" "$version")" -lt 0 ]; then
    newest=$version
  fi
done
printf '%s\n' "$newest"
