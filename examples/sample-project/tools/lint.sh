#!/bin/sh
# Lints every script: no tabs, no blanks at line ends, lines of at most 120 characters, a comment on top, no backquotes.
set -u
cd "$(dirname -- "$0")/.." || exit 1

find src test tools -name '*.sh' | LC_ALL=C sort | {
  bad=0
  while IFS= read -r file; do
    LC_ALL=C awk -v file="$file" '
      function complain(text) { printf "%s:%d: %s\n", file, FNR, text; bad = 1 }
      /\t/ { complain("tab: indent with blanks") }
      /[ \t]$/ { complain("blank at the end of the line") }
      length($0) > 120 { complain("line longer than 120 characters") }
      index($0, sprintf("%c", 96)) { complain("backquote: use $( )") }
      FNR <= 2 && /^# / { commented = 1 }
      END { if (!commented) { FNR = 1; complain("no comment on top says what it is for") } exit bad }
    ' "$file" || bad=1
  done
  [ "$bad" -eq 0 ] && echo "lint: no findings"
}
