# Compares versions after semver.org 2.0.0. Load it with: . src/semver.sh

# semver_valid VERSION: succeeds when VERSION is MAJOR.MINOR.PATCH with an optional -PRERELEASE and +BUILD.
semver_valid() {
  semver_number='(0|[1-9][0-9]*)'
  semver_words='[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*'
  printf '%s\n' "$1" | LC_ALL=C grep -Eqx \
    "$semver_number\.$semver_number\.$semver_number(-$semver_words)?(\+$semver_words)?"
}

# semver_field VERSION N: prints the N-th number, from 1.
semver_field() {
  printf '%s\n' "${1%%[-+]*}" | cut -d. -f"$2"
}

# semver_prerelease VERSION: prints what stands between - and +, or nothing.
semver_prerelease() {
  semver_core=${1%%+*}
  case $semver_core in
    *-*) printf '%s\n' "${semver_core#*-}" ;;
  esac
}

# semver_compare_parts A B: prints -1, 0 or 1 for two dotted lists; numbers as numbers, numbers before words.
semver_compare_parts() {
  printf '%s\n%s\n' "$1" "$2" | LC_ALL=C awk -F. '
    function number(part) { return part ~ /^[0-9]+$/ }
    NR == 1 { count = NF; for (i = 1; i <= NF; i++) left[i] = $i; next }
    {
      for (i = 1; i <= count || i <= NF; i++) {
        if (i > count) { print -1; exit }
        if (i > NF) { print 1; exit }
        if (number(left[i]) && number($i)) {
          if (left[i] + 0 != $i + 0) { print (left[i] + 0 < $i + 0) ? -1 : 1; exit }
        } else if (number(left[i]) != number($i)) {
          print number(left[i]) ? -1 : 1; exit
        } else if (left[i] "" != $i "") {
          print (left[i] "" < $i "") ? -1 : 1; exit
        }
      }
      print 0
    }'
}

# semver_compare A B: prints -1, 0 or 1 as A comes before, with or after B. What follows a + does not count.
semver_compare() {
  for semver_n in 1 2 3; do
    semver_a=$(semver_field "$1" "$semver_n")
    semver_b=$(semver_field "$2" "$semver_n")
    if [ "$semver_a" -lt "$semver_b" ]; then echo -1; return; fi
    if [ "$semver_a" -gt "$semver_b" ]; then echo 1; return; fi
  done
  semver_a=$(semver_prerelease "$1")
  semver_b=$(semver_prerelease "$2")
  case "${semver_a:+pre}/${semver_b:+pre}" in
    /) echo 0 ;;
    pre/) echo -1 ;;
    /pre) echo 1 ;;
    *) semver_compare_parts "$semver_a" "$semver_b" ;;
  esac
}
