# How does an attempt run, whoever supervises it? Claimed, prepared, run in the foreground of another session with its output
# pumped into the log, and told by a result line. Needs id, J, fence, wanted_base, wanted_boot, total, silence, grace, cap,
# key, form (`merged`, or `split` with stderr in a file of its own), what workspace.sh needs, umask, `script_file`, `group` (a control group of its own, or
# nothing), `owner` (pid, start and boot of this shell; `owner_start`), `pipe` (a FIFO), `pipe2` (where one may be made), what
# `find_tools` sets, `scratch` (a file that may be written), what watch.sh needs. What differs between supervisors is in
# functions named after `mode`, which is `order` or `slot`.
tell() { "${mode}_tell" "$1"; }
# Once for all jobs: each costs a process.
find_tools() { setsid=$(command -v setsid) tee=$(command -v tee) head=$(command -v head) printf=$(command -v printf); }

# False when there is nothing to run; then that has been told.
claim() {
  if [ "$wanted_base" != "$base_id" ] || [ "$wanted_boot" != "$boot" ]; then
    tell "changed $base_id $boot"
    return 1
  fi
  set -C
  if { printf '' >"$J.rc"; } 2>/dev/null; then
    set +C
    # Room for the result, too: a disk that fills up meanwhile does not keep it from being written.
    { printf '%-127s\n' "- $owner" 1<>"$J.rc"; } 2>/dev/null && return 0
    rm -f "$J.rc"
    tell 'error disk_full cannot write the claim'
    return 1
  fi
  set +C
  if [ -e "$J.rc" ]; then
    set_state
    tell "exists $answer"
  else
    tell 'error disk_full cannot create the claim'
  fi
  return 1
}

# False when the job cannot run; then that has been told, and nothing will ever run.
prepare() {
  if ! { lay_out </dev/null 2>"$scratch"; }; then
    said=
    { IFS= read -r said <"$scratch"; } 2>/dev/null
    abandon
    case $said in
      *[Nn]o\ space* | *quota* | '') tell "not-started disk_full $said" ;;
      *) tell "not-started not_prepared $said" ;;
    esac
    return 1
  fi
  # Only now: a take-over raises the fence first and looks for claims then, so one of the two sees the other.
  set_highest_fence
  if [ "$fence" -lt "$highest" ]; then
    abandon
    tell "stale $highest"
    return 1
  fi
}
lay_out() {
  "${mode}_script" && printf '' >"$J.log" && mkdir "$J.ws" && lay_out_workspace || return 1
  [ "$form" = merged ] || { printf '' >"$J.err" && { [ -p "$pipe2" ] || mkfifo "$pipe2"; }; } || return 1
  [ "$key" = - ] || (umask "$umask" && exec tar -xof "cache/$key.tar" -C "$J.ws")
}

# Nothing ran, nothing will: said where the claim has room for it, since a disk may be full.
abandon() {
  printf '%-127s\n' 'revoked .' 1<>"$J.rc"
  drop
}
drop() {
  "${mode}_drop"
  rm -rf "$J.log" "$J.err" "$J.ws" "$J.job" "$J.keep"
}

# A job re-opening /dev/stderr would truncate a plain file, so the log is written by one process behind a pipe. The limit
# is the kernel's, hence exact to its blocks of 512. `tee`, since it goes on reading for its other output when one cannot be
# written any more (POSIX, tee), so that the job does not die of it.
pump_into() {
  trap '' XFSZ
  ulimit -f $((cap < 512 ? 1 : (cap + 511) / 512))
  exec "$tee" -a "$1"
}

# Becomes the job: arguments are what the supervisor's own `environment` function needs. Names from outside may be set in it,
# so that nothing but positional parameters is used from then on.
child() {
  set_self || exit 125
  # A program of its own would show values in its arguments.
  case $printf in */*) exit 125 ;; esac
  unset LC_ALL
  [ -z "$group" ] || echo 0 >"$group/cgroup.procs" || exit 125
  "${mode}_environment" "$@" "$J" "$self" "$start" "$boot" "$umask" "$setsid" "$id/$base_id" "$before" "$after" "$script_file" "$home" "$cache"
}
# J pid start boot umask setsid cookie textBeforeAnswer textAfterAnswer script home cache
become() {
  # A lost connection must not end the job.
  trap : PIPE
  # What is known of the job comes as a variable, since that needs no process, and lies in a file before it could look.
  if [ -n "${BATON_JOB_DATA+set}" ]; then
    printf '%s\n' "$BATON_JOB_DATA" >"$1.job" || exit 125
    unset BATON_JOB_DATA
    BATON_JOB_FILE=$1.job
    export BATON_JOB_FILE
  fi
  set -C
  { printf '%s\n' "$2 $3 $4" >"$1.go"; } 2>/dev/null || exit 125
  set +C
  printf '%sstarted %s %s %s\n%s' "$8" "$2" "$3" "$4" "$9" >&6 2>/dev/null
  exec 6>&- 7>&- 8>&-
  umask "$5"
  cd "$1.ws" || exit 125
  BATON_COOKIE=$7
  export BATON_COOKIE
  if [ "${11}" != - ]; then
    HOME=${11}
    export HOME
  fi
  if [ "${12}" != - ]; then
    BATON_CACHE=${12}
    export BATON_CACHE
  fi
  exec "$6" /bin/sh "${10}"
}

# Arguments go to `child`. Sets ended=1 when the job ran; else it has been told why not.
run_job() {
  ended='' err_pump=''
  (
    exec <"$pipe" >/dev/null 2>&1 6>&-
    pump_into "$J.log"
  ) &
  pump=$!
  if [ "$form" = split ]; then
    (
      exec <"$pipe2" >/dev/null 2>&1 6>&-
      pump_into "$J.err"
    ) &
    err_pump=$!
  fi
  exec 7>"$pipe"
  start_of $pump
  pumps="$pump $start"
  if [ -n "$err_pump" ]; then
    exec 8>"$pipe2"
    start_of $err_pump
    pumps="$pumps $err_pump $start"
  fi
  # Beside the claim, in the room that it reserved: an orphan is followed until its pumps have ended.
  printf '%-127s\n' "- $owner $pumps" 1<>"$J.rc"
  arm
  # In the foreground, since a shell starts `&` commands with SIGINT ignored.
  if [ -z "$err_pump" ]; then
    (child "$@") </dev/null >&7 2>&7
  else
    (child "$@") </dev/null >&7 2>&8
  fi
  rc=$?
  exec 7>&- 8>&-
  disarm
  leader=
  { read -r leader born _ <"$J.go"; } 2>/dev/null
  case $leader in
    revoked | '')
      # shellcheck disable=SC2086
      wait "$pump" $err_pump
      if [ -z "$leader" ]; then
        abandon
        tell 'not-started not_prepared the environment could not be set'
      else
        drop
        tell 'exists revoked'
      fi
      return 0
      ;;
  esac
  ended=1
  end_leftovers
  end_pump
  # `why` decides, not the exit code: a job that traps TERM may well exit 0.
  if read_why; then await_slayer; else why=exit; fi
  survivors=0
  [ ! -s "$J.survivors" ] || survivors=$(($(wc -l <"$J.survivors")))
  printf '%-127s\n' "rc=$rc why=$why log=$log survivors=$survivors${err_pump:+ err=$err} ." 1<>"$J.rc"
}

await_slayer() {
  tries=0
  while :; do
    read_why || [ $tries -gt 20 ] && break
    tries=$((tries + 1))
    nap 0.05
  done
  pause=0.01
  while [ ! -f "$J.slain" ] && is_alive "${slayer:-0}" "${slayer_start-}" "${slayer_boot-}"; do
    nap $pause
    case $pause in 0.01) pause=0.02 ;; *) pause=0.05 ;; esac
  done
}

# cgroups(7): whether any live process is in the group or below it. False where that cannot be read.
is_populated() {
  while read -r name value; do
    [ "$name" != populated ] || [ "$value" = 0 ] || return 0
  done <"$group/cgroup.events"
  return 1
}
# Of each output. Our child, so that its number is its own until it is waited for; what has ended, or is a zombie, has no files
# open. One system call, where reading its state would cost one for each byte.
has_pump_ended() { [ ! -e "/proc/$pump/fd/0" ] && { [ -z "$err_pump" ] || [ ! -e "/proc/$err_pump/fd/0" ]; }; }
# The pump ends a moment after the last writer: some milliseconds of looking cost less than a process that sleeps.
has_pump_soon_ended() {
  looks=0
  until has_pump_ended; do
    looks=$((looks + 1))
    [ $looks -lt 1000 ] || return 1
  done
}
# A job that ended by itself may leave processes behind. The dear search is made when there is a sign of them.
end_leftovers() {
  ! read_why || return 0
  if [ -n "$group" ]; then
    ! is_populated || slay leftover "$grace"
    return
  fi
  set_now
  if [ $((now - began)) -lt 100 ] && ! kill -0 "-$leader" 2>/dev/null; then
    has_pump_soon_ended && return 0
    for pause in 0.01 0.02 0.05 0.1; do
      has_pump_ended && return 0
      nap $pause
    done
  fi
  tree_is_empty || slay leftover "$grace"
}
# They end by themselves when nobody holds their pipe any more. Who holds one now could not be ended: then `soiled` is set.
end_pump() {
  if read_why; then await_slayer; fi
  soiled='' pause=0.01 limit=
  until has_pump_soon_ended; do
    set_now
    limit=${limit:-$((now + 500))}
    if [ "$now" -gt "$limit" ]; then
      soiled=1
      # shellcheck disable=SC2086
      kill "$pump" $err_pump 2>/dev/null
      break
    fi
    nap $pause
    pause=0.05
  done
  wait "$pump"
  log=$?
  [ -n "$err_pump" ] || return 0
  wait "$err_pump"
  err=$?
}
