# What takes one job after the other, without a new connection or shell for each? A detached shell behind the channel that
# reads its commands from it, supervises its job, and outlives the connection until the job has ended. What it says goes to
# descriptor 6, each time behind a byte that no text holds and the nonce.

# Stays until the slot has gone: sshd takes the end of this process for the end of the command.
op_slot() {
  [ $# -eq 0 ] || refuse protocol 'slot takes no word'
  command -v setsid >/dev/null || refuse missing_tool setsid
  # shellcheck disable=SC2086
  plainly run BATON_SLOT="$kind $umask" BATON_PROGRAM="$program" setsid $interpreter
}

# Called once, in the slot's own shell, where BATON_NONCE has been set by a command.
open_slot() {
  program=$BATON_PROGRAM kind=${BATON_SLOT% *} umask=${BATON_SLOT#* } nonce=$BATON_NONCE
  unset BATON_SLOT BATON_PROGRAM BATON_NONCE
  frame=$(printf '\036')
  mode=slot before="$frame$nonce S " after=
  exec 6>&1 >/dev/null 2>&1
  umask 077
  me='' on_signalled='' detach=slay_beside
  # `:` and not '': an ignored signal would be inherited by the job.
  trap : PIPE
  if ! set_identity; then
    slot_say 'X missing_tool no /proc'
    exit 1
  fi
  find_tools
  slot=in/slot.$$.$start pipe=$PWD/$slot/job.out pipe2=$PWD/$slot/job.out2 scratch=$slot/said script_file=$PWD/$slot/job.script
  due=$PWD/$slot/due plan=$PWD/$slot/plan watcher= room=
  make_group
  trap 'end_watcher; rm -rf "$slot"; [ -z "$group" ] || rmdir "$group"' EXIT
  if ! { mkdir "$slot" && mkfifo "$pipe" && lay_out_watch; }; then
    slot_say 'X disk_full cannot create a folder for the slot'
    exit 1
  fi
  # From another namespace this slot looks dead: who tidies up has to know.
  set_namespace
  printf '%s\n' "${group:--}" "$boot $namespace" >"$slot/group"
  slot_say "R $owner $base_id"
}
# Removes what slots left that were killed: folder and, once nothing runs in it, control group. A group that is populated may be
# that of an orphan, whose cancel finds it by this folder.
sweep_slots() {
  set_namespace
  for each in in/slot.*; do
    [ -d "$each" ] || continue
    left='' seen_from=''
    { read -r left && read -r seen_from; } 2>/dev/null <"$each/group"
    owner_pid=${each#in/slot.}
    owner_start=${owner_pid#*.} owner_pid=${owner_pid%.*}
    case $seen_from in
      # One that is being opened, or of an older program.
      '') ! is_alive "$owner_pid" "$owner_start" "$boot" || continue ;;
      "$boot $namespace") ! is_alive "$owner_pid" "$owner_start" "$boot" || continue ;;
      # It may live, unseen from here.
      "$boot "*) continue ;;
      # Of an earlier boot nothing is left.
      *) left= ;;
    esac
    case $left in
      /sys/fs/cgroup/*"baton.$owner_pid.$owner_start") [ ! -d "$left" ] || rmdir "$left" 2>/dev/null || continue ;;
    esac
    rm -rf "$each"
  done
}
# Sets `group`: where this account may make control groups (root, or a part of the tree that was handed to it), the job gets one
# that nothing in it can leave unseen (cgroups(7), version 2).
make_group() {
  group='' own=''
  while IFS=: read -r hierarchy _ path; do
    [ "$hierarchy" != 0 ] || own=${path%/}
  done </proc/self/cgroup
  for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do
    [ -w "$root$own/cgroup.procs" ] || continue
    group=$root$own/baton.$$.$start
    if mkdir "$group"; then
      if [ -w "$group/cgroup.kill" ] && (echo 0 >"$group/cgroup.procs"); then return 0; fi
      rmdir "$group"
    fi
    group=
  done
}
set_identity() {
  read -r boot </proc/sys/kernel/random/boot_id && set_base_id && start_of $$ || return 1
  owner_start=$start owner="$$ $start $boot"
}
slot_say() { printf '%s%s %s\n' "$frame" "$nonce" "$1" >&6; }
slot_tell() { slot_say "S $1"; }

# id fence base boot total silence grace cap key form keep keepSeconds cache freeKib home script [name value]...
job() {
  id=$1 fence=$2 wanted_base=$3 wanted_boot=$4 total=$5 silence=$6 grace=$7 cap=$8 key=$9
  shift 9
  J=$PWD/$id form=$1 keep=$2 keep_for=$3 cache=$4 wanted_free=$5 home=$6 script=$7
  shift 7
  fits || {
    slot_tell 'error protocol the order holds other than it should'
    return
  }
  has_room || return
  [ "$key" = - ] || [ -f "cache/$key.tar" ] || {
    slot_tell need-source
    return
  }
  claim && prepare || return
  # It may have been removed while it was empty, by somebody who tidied up.
  [ -z "$group" ] || [ -d "$group" ] || mkdir "$group" || group=
  script=
  run_job "$@"
  [ -n "$ended" ] || return
  whole=1 sizes=''
  if [ "$form" = split ]; then
    # Read by who wants them, since the bytes before a frame are those of one log.
    set_log_size
    whole=0 sizes=" size=$log_size${err_size:- err=0},$err"
  elif [ -s "$J.log" ]; then
    "$head" -c 32769 "$J.log" >&6 || whole=0
  fi
  signals=- left=- containment=-
  if [ -s "$J.slain" ] || [ -x "$J.rc" ]; then
    set_evidence
    left=$survivors
  fi
  slot_say "F $id $whole $rc $why $log $leader $born $boot $signals $left $containment$sizes"
  # Somebody still holds a pipe, and would write into the log of the next job.
  [ -z "$soiled" ] || exit 0
}
fits() {
  is_attempt "$id" && is_word "$wanted_base" && is_word "$wanted_boot" && { [ "$key" = - ] || is_word "$key"; } && is_form "$form" || return 1
  for count in "$fence" "$total" "$silence" "$grace" "$cap"; do is_count "$count" || return 1; done
  is_workspace "$keep" "$keep_for" "$cache" "$wanted_free" "$home"
}
slot_script() { printf %s "$script" >"$script_file"; }
slot_drop() { rm -f "$script_file"; }
# [name value]... then the twelve that `become` takes
slot_environment() {
  while [ $# -gt 12 ]; do
    case $1 in '' | [0-9]* | *[!A-Za-z0-9_]*) exit 125 ;; esac
    export "$1=$2" || exit 125
    shift 2
  done
  become "$@"
}

# operation words...: the same as over a channel of its own
op() {
  slot_say A
  operation=$1
  shift
  case $operation in
    cancel | revoke | query | tidy | alive) (exec </dev/null >&6 && "op_$operation" "$@") ;;
    *) printf 'error protocol no such operation\nend\n' >&6 ;;
  esac
}
# Carries on when this slot has gone.
slay_beside() {
  shift
  (
    exec </dev/null
    on_signalled=tell_signalled
    slay_attempt "$@"
  ) &
}
