# How does the log leave the runner? Raw bytes from an offset on standard output, and at the end one line on standard
# error: `<nonce> end <size> <state>`. Whoever receives fewer bytes than `size` asks again from where it stands.

# id offset file, which is `log` or `err`
op_follow() {
  [ $# -eq 3 ] && is_attempt "$1" && is_count "$2" || refuse protocol 'not an attempt and a count'
  case $3 in log | err) ;; *) refuse protocol 'no such file' ;; esac
  id=$1 J=$PWD/$1 offset=$2 file=$PWD/$1.$3
  say following
  tries=0
  while set_phase && [ "$phase" = claimed ] && [ $tries -lt 20 ]; do
    tries=$((tries + 1))
    nap 0.1
  done
  case $phase in
    running | orphan) ;;
    *)
      [ ! -f "$file" ] || tail -c "+$((offset + 1))" "$file"
      report
      exit 0
      ;;
  esac
  (
    exec </dev/null
    stream
  ) &
  stream=$!
  # End of input: nobody listens any more, whatever the reason.
  while read -r _; do :; done
  end_child "$stream"
  wait "$stream"
}

report() {
  set_state
  case $phase in
    done | lost | running | orphan) ;;
    *) set_log_size ;;
  esac
  size=$log_size
  [ "$file" = "$J.log" ] || size=${err_size#*=}
  printf '%s end %s %s\n' "$nonce" "${size:-0}" "$answer" >&2
}
has_ended() {
  followed=$phase
  set_phase
  [ "$phase" != "$followed" ]
}
stream() {
  tail='' net=''
  trap '[ -z "$tail" ] || end_child "$tail"; [ -z "$net" ] || end_child "$net"; exit 0' TERM HUP PIPE
  read -r _ _ _ _ pump_pid _ err_pump_pid _ <"$J.rc"
  [ "$file" = "$J.log" ] || pump_pid=$err_pump_pid
  # GNU tail ends by itself soon after the pump, without polling by new processes; others are ended by a look at the files.
  if [ "$phase" = running ] && tail --pid="$$" -c 0 /dev/null >/dev/null 2>&1; then
    tail -c "+$((offset + 1))" -s 0.1 --pid="$pump_pid" -f "$file" &
    tail=$!
    # For a pump that stays as a zombie, since nobody collects it.
    start_of "$tail"
    tail_start=$start
    (
      exec >/dev/null 2>&1
      until has_ended; do nap 2; done
      # Not its own child: the number may belong to another process by now.
      ! is_alive "$tail" "$tail_start" "$boot" || kill "$tail"
    ) &
    net=$!
    wait "$tail"
    tail=
    end_child "$net"
    net=
    pause=0.02
  else
    tail -c "+$((offset + 1))" -f "$file" &
    tail=$!
    pause=0.2
  fi
  until has_ended; do nap $pause; done
  [ -z "$tail" ] || end_child "$tail"
  tail=
  report
}
