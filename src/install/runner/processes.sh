# Who still runs as an account? By real and effective user, from /proc.
living() {
  entry=$(account_line "$1") || return 0
  uid=$(field 3 "$entry")
  for status in /proc/[0-9]*/status; do
    awk -v uid="$uid" '$1 == "Name:" { name = $2 } $1 == "State:" { dead = $2 ~ /^[ZX]/ } $1 == "Pid:" { pid = $2 }
      $1 == "Uid:" { if (!dead && ($2 == uid || $3 == uid)) print pid, name; exit }' "$status" 2>/dev/null
  done
}
# A connection that was just closed is one for a moment yet.
await_living() {
  tries=0
  while [ -n "$(living "$1")" ] && [ "$tries" -lt 15 ]; do
    sleep 0.2 2>/dev/null || sleep 1
    tries=$((tries + 1))
  done
}
refuse_living() {
  here=$(living "$1" | head -n 20 | tr '\n' ';')
  [ -z "$here" ] || fail processes_live "processes of $1 are at work: $here"
}
# Nobody starts anything anew: the key is gone by now. TERM, five seconds, KILL.
end_living() {
  for sig in TERM KILL; do
    tries=0
    while [ "$tries" -lt 25 ]; do
      here=$(living "$1" | cut -d' ' -f1)
      [ -n "$here" ] || return 0
      # shellcheck disable=SC2086 # numbers
      if [ "$sig" = KILL ] || [ "$tries" -eq 0 ]; then kill -"$sig" $here 2>/dev/null; fi
      sleep 0.2 2>/dev/null || sleep 1
      tries=$((tries + 1))
    done
  done
  return 1
}
