# Who ends a job that runs too long, or writes nothing for too long? One process for the whole life of a supervisor, which
# sleeps until the first moment at which there could be something to do: jobs with the same limits cost it nothing.
# Between the two stand two small files, written in place:
#   $due   by the supervisor: `id began ends silence grace`, or `-` when nothing is to be watched; times in hundredths of a
#          second since boot, `ends` and `silence` 0 without that limit
#   $plan  by the watcher: when it will look next, or `ending`
# Each writes its own file first and then reads the other one, so one of them always sees what the other has done.

# The supervisor's part. Needs id, total, silence, grace. Sets `began`.
arm() {
  set_now
  began=$now ends=0 armed=
  [ $((total + silence)) -gt 0 ] || return 0
  armed=1 first=
  [ "$total" -eq 0 ] || ends=$((now + total / 10)) first=$ends
  if [ "$silence" -gt 0 ]; then
    set_look "$((silence / 10))"
    [ -n "$first" ] && [ "$first" -lt $((now + look)) ] || first=$((now + look))
    printf '' >"$J.heard"
  fi
  write_line "$due" "$id $began $ends $((silence / 10)) $grace"
  if [ -z "$watcher" ] || [ ! -e "/proc/$watcher/fd/0" ]; then
    write_line "$plan" ''
    (
      exec </dev/null >/dev/null 2>&1 6>&- 7>&- 8>&-
      watch
    ) &
    watcher=$!
    return 0
  fi
  read_line "$plan"
  # Empty: it has yet to read `due`, and does so with its traps set.
  [ -z "$line" ] || [ "$line" = ending ] || [ "$line" -le "$first" ] || kill -USR1 "$watcher"
}
# When this returns, the watcher ends nothing of this job any more.
disarm() {
  [ -n "$armed" ] || return 0
  armed=
  write_line "$due" -
  # Before its limit it was not ended for it.
  if [ "$silence" -eq 0 ]; then
    set_now
    [ "$now" -ge "$ends" ] || return 0
  fi
  while read_line "$plan" && [ "$line" = ending ] && [ -e "/proc/$watcher/fd/0" ]; do nap 0.02; done
}
# Before the first job, so that a disk that fills up later keeps nobody from writing there.
lay_out_watch() { write_line "$due" - && write_line "$plan" ''; }
end_watcher() { [ -z "$watcher" ] || kill "$watcher" 2>/dev/null; }

# A tenth of the limit is how late silence may be noticed.
set_look() { look=$(($1 < 200 ? 20 : $1 / 10)); }
write_line() { { printf '%-127s\n' "$2" 1<>"$1"; } 2>/dev/null; }
# Sets `line`. A shell reads byte by byte, and the writer may be in the middle of it.
read_line() {
  again='' line=
  { IFS=' ' read -r line <"$1"; } 2>/dev/null || return 1
  until [ "$line" = "$again" ]; do
    again=$line line=
    { IFS=' ' read -r line <"$1"; } 2>/dev/null || return 1
  done
}

# The watcher's part.
watch() {
  supervisor=${owner%% *} woken='' sleeper='' known='' handled=''
  trap 'woken=1; [ -z "$sleeper" ] || end_child "$sleeper"' USR1
  trap '[ -z "$sleeper" ] || end_child "$sleeper"; exit 0' TERM
  while :; do
    woken=
    # Without the file the supervisor is gone; what it watched last may live on.
    if read_line "$due" && [ "$line" != "$known" ]; then
      known=$line handled=
      heard=${known#* }
      heard=${heard%% *}
    fi
    set_now
    look_at "$known"
    [ -n "$next" ] || return 0
    write_line "$plan" "$next"
    read_line "$due" && [ "$line" != "$known" ] && continue
    pause=$((next - now))
    [ "$pause" -gt 0 ] || continue
    hundredths=$((pause % 100))
    [ $hundredths -gt 9 ] || hundredths=0$hundredths
    sleep "$((pause / 100)).$hundredths" &
    sleeper=$!
    [ -z "$woken" ] || end_child "$sleeper"
    wait "$sleeper" || [ -n "$woken" ] || nap $((pause / 100 + 1))
    sleeper=
  done
}
# Sets `next`: when there may be something to do; empty when there will not be, and nobody will give it more.
look_at() {
  next=
  # shellcheck disable=SC2086
  set -- $1
  if [ $# -ne 5 ] || [ -n "$handled" ]; then
    is_alive "$supervisor" "$owner_start" "$boot" || return 0
    next=$((now + 360000))
    return 0
  fi
  id=$1 ends=$3 silence=$4 grace=$5 why='' J=$PWD/$1
  if [ "$silence" -gt 0 ]; then
    set_look "$silence"
    if [ "$J.log" -nt "$J.heard" ] || [ "$J.err" -nt "$J.heard" ]; then
      heard=$now
      printf '' >"$J.heard"
    elif [ $((now - heard)) -ge "$silence" ]; then
      why=silence
    fi
    next=$((now + look))
  fi
  if [ "$ends" -gt 0 ]; then
    [ "$now" -lt "$ends" ] || why=timeout
    [ -n "$next" ] && [ "$next" -lt "$ends" ] || next=$ends
  fi
  [ -n "$why" ] || return 0
  handled=1 next=$now
  write_line "$plan" ending
  ! read_line "$due" || [ "$line" = "$known" ] || return 0
  (
    set_phase
    case $phase in running | orphan) ;; *) exit 0 ;; esac
    # Not known yet when the watcher was started.
    { read -r leader born _ <"$J.go"; } 2>/dev/null
    slay "$why" "$grace"
  )
}
