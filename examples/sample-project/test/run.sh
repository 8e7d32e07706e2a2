#!/bin/sh
# Unit tests: prints one line per test in the Test Anything Protocol, ends with 1 when any failed.
set -u
cd "$(dirname -- "$0")/.." || exit 1
. src/semver.sh

number=0
failed=0

# check NAME EXPECTED FOUND
check() {
  number=$((number + 1))
  if [ "$2" = "$3" ]; then
    printf 'ok %d - %s\n' "$number" "$1"
  else
    printf 'not ok %d - %s: expected %s, found %s\n' "$number" "$1" "$2" "$3"
    failed=$((failed + 1))
  fi
}

# valid VERSION: yes or no
valid() {
  if semver_valid "$1"; then echo yes; else echo no; fi
}

check 'equal versions are equal' 0 "$(semver_compare 1.2.3 1.2.3)"
check 'numbers compare as numbers' -1 "$(semver_compare 1.9.0 1.10.0)"
check 'major outweighs minor' 1 "$(semver_compare 2.0.0 1.99.99)"
check 'a prerelease comes before its release' -1 "$(semver_compare 1.0.0-rc.1 1.0.0)"
check 'a release comes after its prerelease' 1 "$(semver_compare 1.0.0 1.0.0-rc.1)"
check 'numbers of prereleases compare as numbers' -1 "$(semver_compare 1.0.0-rc.2 1.0.0-rc.11)"
check 'numbers come before words' -1 "$(semver_compare 1.0.0-1 1.0.0-alpha)"
check 'words compare as text' -1 "$(semver_compare 1.0.0-alpha 1.0.0-beta)"
check 'a shorter prerelease comes first' -1 "$(semver_compare 1.0.0-alpha 1.0.0-alpha.1)"
check 'builds do not count' 0 "$(semver_compare 1.0.0+5 1.0.0+6)"
check 'three numbers are a version' yes "$(valid 1.2.3)"
check 'two numbers are none' no "$(valid 1.2)"
check 'a leading zero is refused' no "$(valid 1.02.3)"
check 'newest.sh finds the newest' 1.10.0 "$(sh src/newest.sh 1.9.0 1.10.0 1.10.0-rc.1)"
check 'newest.sh refuses what is no version' 65 "$(sh src/newest.sh 1.x 2>/dev/null; echo $?)"

printf '1..%d\n' "$number"
[ "$failed" -eq 0 ]
