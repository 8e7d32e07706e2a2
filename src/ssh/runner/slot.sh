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
  setsid=$(command -v setsid) head=$(command -v head)
  slot=in/slot.$$.$start pipe=$PWD/$slot/job.out scratch=$slot/said script_file=$PWD/$slot/job.script
  make_group
  trap 'rm -rf "$slot"; [ -z "$group" ] || rmdir "$group"' EXIT
  if ! { mkdir "$slot" && mkfifo "$pipe"; }; then
    slot_say 'X disk_full cannot create a folder for the slot'
    exit 1
  fi
  # For whoever ends a job of this slot in a shell of its own.
  [ -z "$group" ] || printf '%s\n' "$group" >"$slot/group"
  slot_say "R $owner $base_id"
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
  owner="$$ $start $boot"
}
slot_say() { printf '%s%s %s\n' "$frame" "$nonce" "$1" >&6; }
slot_tell() { slot_say "S $1"; }

# id fence base boot total silence grace cap key script [name value]...
job() {
  id=$1 fence=$2 wanted_base=$3 wanted_boot=$4 total=$5 silence=$6 grace=$7 cap=$8 key=$9
  shift 9
  J=$PWD/$id script=$1
  shift
  fits || {
    slot_tell 'error protocol the order holds other than it should'
    return
  }
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
  whole=1
  if [ -s "$J.log" ]; then "$head" -c 32769 "$J.log" >&6 || whole=0; fi
  signals=- left=-
  if [ -s "$J.slain" ]; then
    set_evidence
    left=$survivors
  fi
  slot_say "F $id $whole $rc $why $log $leader $born $boot $signals $left"
  # Somebody still holds the pipe, and would write into the log of the next job.
  [ -z "$soiled" ] || exit 0
}
fits() {
  is_attempt "$id" && is_word "$wanted_base" && is_word "$wanted_boot" && { [ "$key" = - ] || is_word "$key"; } || return 1
  for count in "$fence" "$total" "$silence" "$grace" "$cap"; do is_count "$count" || return 1; done
}
slot_script() { printf %s "$script" >"$script_file"; }
slot_drop() { rm -f "$script_file"; }
# [name value]... then the ten that `become` takes
slot_environment() {
  while [ $# -gt 10 ]; do
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
    cancel | revoke | query | tidy) (exec </dev/null >&6 && "op_$operation" "$@") ;;
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
