# How does a job run when nobody is connected? A detached shell of its own claims the attempt, prepares it, runs the
# job in the foreground of another session, pumps its output into the log, and writes the result line.
op_start() {
  [ $# -eq 10 ] || refuse protocol 'start takes 10 words'
  id=$1 key=$8 length=${10}
  is_attempt "$id" || refuse protocol 'not an attempt'
  for count in "$2" "$5" "$6" "$7" "$9" "$length"; do is_count "$count" || refuse protocol 'not a count'; done
  for word in "$3" "$4"; do is_word "$word" || refuse protocol 'not a word'; done
  if [ "$key" != - ]; then
    is_word "$key" || refuse protocol 'not a key'
    [ -f "cache/$key.tar" ] || {
      say need-source
      end_answer
      exit 0
    }
  fi
  said=$({ cat >"in/$nonce"; } 2>&1) || {
    rm -f "in/$nonce"
    refuse disk_full "cannot store the order: $said"
  }
  [ $(($(wc -c <"in/$nonce"))) -eq "$length" ] || {
    rm -f "in/$nonce"
    refuse protocol 'the order was cut short'
  }
  leave supervise "$nonce" "$umask" "$@"
}

prepare() {
  head -c "$environment_length" "in/$nonce" >"$J.env" && tail -c +$((environment_length + 1)) "in/$nonce" >"$J.script" ||
    return 1
  [ "$(($(wc -c <"$J.env") + $(wc -c <"$J.script")))" -eq "$length" ] || {
    echo 'No space left for the script'
    return 1
  }
  rm -f "in/$nonce" && mkfifo "$J.out" && : >"$J.log" && mkdir "$J.ws" || return 1
  [ "$key" = - ] || (umask "$umask" && tar -xof "cache/$key.tar" -C "$J.ws")
}

# A job re-opening /dev/stderr would truncate a plain file, so the log is written by one `cat` behind a pipe. The limit
# is the kernel's, hence exact; what comes after it is read and dropped, so that the job does not die of it.
pump_log() {
  (
    trap '' XFSZ
    ulimit -f "$1"
    exec cat
  ) 2>/dev/null && exit 0
  cat >/dev/null
  exit 3
}

timer() {
  over='' sleeper=''
  trap 'over=1; [ -z "$sleeper" ] || end_child "$sleeper"' TERM
  sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))" &
  sleeper=$!
  [ -z "$over" ] || end_child "$sleeper"
  wait "$sleeper" || [ -n "$over" ] || { nap $(($1 / 1000 + 1)); }
  [ -z "$over" ] || return 0
  # Not known yet when the timer was started.
  { read -r leader born _ <"$J.go"; } 2>/dev/null
  slay timeout "$grace"
}

# Runs in the child. Only positional parameters are used once names from outside may have been set.
load_environment() {
  # One that is a program of its own would show the value in its arguments.
  case $(command -v printf) in */*) return 1 ;; esac
  while IFS= read -r _BATON_line; do
    _BATON_value=${_BATON_line#*=}
    _BATON_line=${_BATON_line%%=*}
    case $_BATON_line in '' | [0-9]* | *[!A-Za-z0-9_]*) return 1 ;; esac
    case $_BATON_value in
      *\\*)
        _BATON_value=$(printf '%bx' "$_BATON_value")
        _BATON_value=${_BATON_value%x}
        ;;
    esac
    export "$_BATON_line=$_BATON_value" || return 1
  done
}
child() {
  { read -r self _ </proc/self/stat; } && start_of "$self" || exit 125
  set -- "$J" "$self" "$start" "$boot" "$umask" "$(command -v setsid)" "$(command -v rm)" "$id/$base_id"
  unset LC_ALL
  load_environment <"$1.env" || exit 125
  # A lost connection must not end the job.
  trap : PIPE
  set -C
  { printf '%s\n' "$2 $3 $4" >"$1.go"; } 2>/dev/null || exit 125
  set +C
  printf 'started %s %s %s\nend\n' "$2" "$3" "$4" >&6 2>/dev/null
  exec 6>&- 7>&-
  # Values may be secret, and both ends of the pipe are open.
  "$7" -f "$1.env" "$1.out"
  umask "$5"
  cd "$1.ws" || exit 125
  BATON_COOKIE=$8
  export BATON_COOKIE
  exec "$6" /bin/sh "$1.script"
}

supervise() {
  nonce=$1 umask=$2
  shift 2
  id=$1 fence=$2 wanted_base=$3 wanted_boot=$4 total=$5 grace=$6 cap=$7 key=$8 environment_length=$9
  shift 9
  length=$1
  J=$PWD/$id
  # `:` and not '': an ignored signal would be inherited by the job.
  trap : PIPE
  if [ "$wanted_base" != "$base_id" ] || [ "$wanted_boot" != "$boot" ]; then
    rm -f "in/$nonce"
    say "changed $base_id $boot"
    end_answer
    exit 0
  fi
  start_of $$
  set -C
  if ! { printf '%-127s\n' "- $$ $start $boot" >"$J.rc"; } 2>/dev/null; then
    rm -f "in/$nonce"
    [ -e "$J.rc" ] || refuse disk_full 'cannot create the claim'
    set_state
    say "exists $answer"
    end_answer
    exit 0
  fi
  set +C
  if ! said=$(prepare 2>&1); then
    abandon
    case $said in
      *[Nn]o\ space* | *quota*) say "not-started disk_full $(printf %s "$said" | tr '\n' ' ')" ;;
      *) say "not-started not_prepared $(printf %s "$said" | tr '\n' ' ')" ;;
    esac
    end_answer
    exit 0
  fi
  # Only now: a take-over raises the fence first and looks for claims then, so one of the two sees the other.
  set_highest_fence
  if [ "$fence" -lt "$highest" ]; then
    abandon
    say "stale $highest"
    end_answer
    exit 0
  fi
  run_job
}

# Nothing ran, nothing will.
abandon() {
  (
    set -C
    printf 'revoked\n' >"$J.go"
  ) 2>/dev/null
  [ -s "$J.go" ] || printf 'revoked\n' 1<>"$J.go"
  rm -rf "in/$nonce" "$J.env" "$J.script" "$J.out" "$J.log" "$J.ws"
}

run_job() {
  # By `exec` inside, here and below: dash keeps copies of what a function call redirects, and the pump would wait for
  # the timer's copy of the pipe.
  (
    exec <"$J.out" >>"$J.log" 2>/dev/null
    pump_log $((cap < 512 ? 1 : cap / 512))
  ) &
  pump=$!
  exec 7>"$J.out"
  start_of $pump
  printf '%s\n' "$pump $start $boot" >"$J.pump"
  exec 6>&1 >/dev/null 2>&1
  timer=
  if [ "$total" -gt 0 ]; then
    (
      exec </dev/null 6>&- 7>&-
      timer "$total"
    ) &
    timer=$!
  fi
  set_now
  began=$now
  # In the foreground, since a shell starts `&` commands with SIGINT ignored.
  (child) </dev/null >&7 2>&7
  rc=$?
  exec 7>&-
  leader=
  { read -r leader born _ <"$J.go"; } 2>/dev/null
  case $leader in
    revoked)
      state_revoked
      exit 0
      ;;
    '')
      abandon
      [ -z "$timer" ] || kill "$timer" 2>/dev/null
      printf 'not-started not_prepared the environment could not be set\nend\n' >&6
      exit 0
      ;;
  esac
  exec 6>&-
  end_timer
  end_leftovers
  end_pump
  why=exit
  # `why` decides, not the exit code: a job that traps TERM may well exit 0.
  if [ -s "$J.why" ]; then await_slayer; fi
  survivors=0
  [ ! -s "$J.survivors" ] || survivors=$(($(wc -l <"$J.survivors")))
  printf '%-127s\n' "rc=$rc why=$why log=$log survivors=$survivors ." 1<>"$J.rc"
}

# Unless it is the one that ended the job, and still at it.
end_timer() {
  ender=
  { read -r ender _ <"$J.why"; } 2>/dev/null
  [ -z "$timer" ] || [ "$ender" = timeout ] || kill "$timer" 2>/dev/null
}

state_revoked() {
  [ -z "$timer" ] || kill "$timer" 2>/dev/null
  printf 'exists revoked\nend\n' >&6
  rm -rf "$J.env" "$J.script" "$J.out" "$J.log" "$J.ws" "$J.pump"
}

await_slayer() {
  tries=0
  while :; do
    slayer=''
    { read -r why slayer slayer_start slayer_boot <"$J.why"; } 2>/dev/null
    [ -n "$slayer" ] || [ $tries -gt 20 ] && break
    tries=$((tries + 1))
    nap 0.05
  done
  while [ ! -f "$J.slain" ] && is_alive "${slayer:-0}" "${slayer_start-}" "${slayer_boot-}"; do nap 0.05; done
}

has_pump_ended() { ! is_alive "$pump" "$pump_start" "$boot"; }
# A job that ended by itself may leave processes behind. The dear search is made when there is a sign of them.
end_leftovers() {
  read -r _ pump_start _ <"$J.pump"
  [ ! -f "$J.why" ] || return 0
  set_now
  if [ $((now - began)) -lt 100 ] && ! kill -0 "-$leader" 2>/dev/null; then
    for pause in 0.01 0.02 0.05 0.1; do
      has_pump_ended && return 0
      nap $pause
    done
  fi
  tree_is_empty || slay leftover "$grace"
}
# Ends by itself when nobody holds the pipe any more. Who holds it now could not be ended.
end_pump() {
  if [ -s "$J.why" ]; then await_slayer; fi
  set_now
  limit=$((now + 500))
  pause=0.01
  while ! has_pump_ended; do
    set_now
    if [ "$now" -gt "$limit" ]; then
      # Together: a pump whose child ended first would go on, a child whose pump ended first would not be found.
      # shellcheck disable=SC2046
      kill "$pump" $(children_of "$pump") 2>/dev/null
      break
    fi
    nap $pause
    pause=0.05
  done
  wait "$pump"
  log=$?
}
children_of() {
  for each in /proc/[0-9]*; do
    { read -r stat <"$each/stat"; } 2>/dev/null || continue
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- "$1" $stat
    [ "$3" != "$1" ] || printf '%s\n' "${each##*/}"
  done
}
