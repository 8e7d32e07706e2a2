# How is everything of an attempt ended? TERM to all of it, grace, KILL, and a list of what is still there. Detached,
# so that it is carried through without connection or controller.

# Prints the pids of the attempt: session, process group and descendants of its leader, who carries its cookie, who
# works in its workspace or in the home that it has. An `env -i` daemon that left all four is not seen; a root child is seen and cannot be ended. Who is
# in the slot's control group is seen whatever it did; then none of this matters.
tree() {
  set_kept_home
  {
    [ -z "$group" ] || cat "$group/cgroup.procs"
    cat /proc/[0-9]*/stat
    grep -lF -- "BATON_COOKIE=$id/$base_id" /proc/[0-9]*/environ
    ls -ld /proc/[0-9]*/cwd
  } 2>/dev/null | WORKSPACE=$J.ws KEPT_HOME=$kept_home awk -v leader="$leader" -v born="$born" -v self="${me:-$$}" '
    function is_in(where, folder) {
      return folder != "" && (where == folder || index(where, folder "/") == 1 || index(where, folder " (deleted)") == 1)
    }
    /^\/proc\/[0-9]+\/environ$/ { split($0, part, "/"); wanted[part[3]] = 1; next }
    /^l/ && match($0, /\/proc\/[0-9]+\/cwd -> /) {
      split(substr($0, RSTART, RLENGTH), part, "/")
      where = substr($0, RSTART + RLENGTH)
      if (is_in(where, ENVIRON["WORKSPACE"]) || is_in(where, ENVIRON["KEPT_HOME"])) wanted[part[3]] = 1
      next
    }
    /^[0-9]+$/ { wanted[$1] = 1; next }
    match($0, /.*\) /) {
      split(substr($0, RLENGTH + 1), field, " ")
      pid = $1
      dead[pid] = (field[1] == "Z" || field[1] == "X")
      parent[pid] = field[2]; group[pid] = field[3]; session[pid] = field[4]
      # The number was given to another process since.
      if (pid == leader && field[20] != born) reused = 1
    }
    END {
      if (!reused) for (pid in parent) if (pid == leader || group[pid] == leader || session[pid] == leader) wanted[pid] = 1
      do {
        grown = 0
        for (pid in parent) if (!(pid in wanted) && (parent[pid] in wanted)) { wanted[pid] = 1; grown = 1 }
      } while (grown)
      # Its leader first: a shell that outlives its child for a moment would go on with the next command.
      if (!reused && (leader in parent) && !dead[leader] && leader != self && leader > 1) print leader
      for (pid in wanted) if ((reused || pid != leader) && (pid in parent) && !dead[pid] && pid != self && pid > 1) print pid
    }'
}
tree_is_empty() { [ -z "$(tree)" ]; }

# why graceMs; needs id, J, leader, born, group
slay() {
  set_self
  me=$self
  if [ "$1" != leftover ]; then
    (
      set -C
      printf '%s\n' "$1 $me $start $boot" >"$J.why"
    ) 2>/dev/null
    # No room for it.
    [ -s "$J.why" ] || [ -x "$J.rc" ] || note_beside_claim "$1 $me $start $boot"
  fi
  why_line="$1 $me $start $boot"
  signals='' full='' termed=' ' termed_at=
  # Before the dear search, which gives them the time to end.
  set_group_pids
  terminate
  pids=$(tree)
  terminate
  [ -z "${on_signalled-}" ] || $on_signalled
  set_now
  deadline=$((now + $2 / 10))
  pause=0.02
  while [ -n "$pids" ]; do
    set_now
    [ "$now" -lt "$deadline" ] || break
    nap $pause
    pause=0.1
    pids=$(tree)
    terminate
  done
  rounds=0
  while [ -n "$pids" ] && [ $rounds -lt 10 ]; do
    signals=TERM,KILL
    # All at once, so that none can start another meanwhile.
    [ -z "$group" ] || echo 1 >"$group/cgroup.kill"
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null
    nap 0.05
    rounds=$((rounds + 1))
    pids=$(tree)
  done
  rm -f "$J.survivors"
  survivors=
  [ -z "$pids" ] || set_namespace
  for each in $pids; do
    name=
    { read -r name <"/proc/$each/comm"; } 2>/dev/null
    # It may have ended since.
    start_of "$each" || continue
    name=$(printf %s "${name:-unknown}" | tr -c 'A-Za-z0-9._-' _)
    survivors=$survivors${survivors:+,}$each:$name:$start:$boot:$namespace
    printf '%s %s %s %s %s\n' "$each" "$name" "$start" "$boot" "$namespace" >>"$J.survivors" || full=1
  done 2>/dev/null
  [ -n "$signals" ] || [ "$1" != leftover ] || return 0
  how=nets
  [ -z "$group" ] || how=group
  printf '%s\n' "${signals:--} $how" 2>/dev/null >"$J.slain.$me"
  if [ -z "$full" ] && [ -s "$J.slain.$me" ]; then
    mv -f "$J.slain.$me" "$J.slain"
  else
    rm -f "$J.slain.$me" "$J.survivors"
    note_beside_claim "$why_line ${signals:--} $how ${survivors:--}"
  fi
}

# In a block that the claim has already: what must be kept although the disk is full. That it is there is told by the right to
# execute the file, so that nobody has to read it to know. What does not fit of the survivors is left out.
note_beside_claim() {
  note=$1
  while [ ${#note} -gt 895 ]; do note=${note%,*}; done
  { read -r _ <&1 && printf '%-895s\n' "$note"; } 1<>"$J.rc" && chmod 700 "$J.rc"
}

set_group_pids() {
  pids=
  [ -n "$group" ] || return 0
  while read -r each; do pids="$pids $each"; done 2>/dev/null <"$group/cgroup.procs"
}
# TERM to each of `pids` that had none: one may have been made while they were searched for. What began after the first TERM
# was started by a handler of it, to clean up, and has the grace for that. Both times are hundredths since boot (proc(5), USER_HZ).
terminate() {
  fresh=
  for each in $pids; do
    case $termed in *" $each "*) continue ;; esac
    [ -z "$termed_at" ] || { start_of "$each" && [ "$start" -lt "$termed_at" ]; } || continue
    fresh="$fresh $each"
  done
  [ -n "$fresh" ] || return 0
  if [ -z "$termed_at" ]; then
    set_now
    termed_at=$now
  fi
  signals=TERM termed="$termed$fresh "
  # shellcheck disable=SC2086
  kill -TERM $fresh 2>/dev/null
  # A stopped process would keep TERM waiting.
  # shellcheck disable=SC2086
  kill -CONT $fresh 2>/dev/null
}

tell_signalled() {
  printf 'signalled\nend\n' 2>/dev/null
  exec >/dev/null 2>&1 6>&-
}
# id graceMs
slay_attempt() {
  id=$1 J=$PWD/$1
  trap : PIPE
  read -r leader born _ <"$J.go"
  # Written by the slot that supervises it, or did.
  group='' line=
  { read -r line <"$J.rc"; } 2>/dev/null
  # shellcheck disable=SC2086
  set -- "$2" $line
  { read -r group <"in/slot.${3-}.${4-}/group"; } 2>/dev/null
  [ -w "$group/cgroup.kill" ] || group=
  slay cancel "$1"
}

# Takes the claim and the start where nobody has, so that a late start finds them taken. Sets `phase`.
keep_from_starting() {
  set -C
  # No claim yet: take it, so that a late start finds it taken.
  { printf '%-127s\n' "- 0 0 $boot" >"$J.rc"; } 2>/dev/null
  { printf 'revoked\n' >"$J.go"; } 2>/dev/null
  set +C
  tries=0
  while :; do
    set_phase
    [ "$phase" = claimed ] && [ $tries -lt 40 ] || break
    tries=$((tries + 1))
    nap 0.05
  done
  case $phase in
    absent | claimed)
      [ "$phase" = claimed ] || rm -f "$J.go"
      refuse disk_full 'cannot create the file that keeps the job from starting'
      ;;
    tombstone) rm -f "$J.go" ;;
  esac
}

# id graceMs
op_cancel() {
  [ $# -eq 2 ] && is_attempt "$1" && is_count "$2" || refuse protocol 'not an attempt and a count'
  id=$1 J=$PWD/$1
  keep_from_starting
  case $phase in
    revoked) say revoked ;;
    running | orphan) 
      "$detach" slay "$id" "$2"
      return
      ;;
    *) say ended ;;
  esac
  end_answer
}

# id base boot: what has started is left alone. Another folder or boot knows nothing of what ran before.
op_revoke() {
  [ $# -eq 3 ] && is_attempt "$1" && is_word "$2" && is_word "$3" || refuse protocol 'not an attempt and two words'
  id=$1 J=$PWD/$1
  if [ "$2" != "$base_id" ] || [ "$3" != "$boot" ]; then
    say "changed $base_id $boot"
  else
    keep_from_starting
    case $phase in
      revoked) say revoked ;;
      running | orphan) say started ;;
      *) say ended ;;
    esac
  fi
  end_answer
}
