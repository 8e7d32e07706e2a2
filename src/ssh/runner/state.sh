# How far is an attempt? Read from its files alone, so that any connection and any later day gets the same answer.
#   $J.rc   claim `- pid start boot`, then with pid and start of the log's pump behind it, and those of stderr's where that is kept apart,
#           later the result `rc=… why=… log=… survivors=… .`, with `err=…` before the dot where stderr is kept apart, at last `tombstone .`
#           or `revoked .`, by its owner, when the job could not be prepared
#   $J.go   pid start boot of the job, or `revoked`; whoever creates it first decides
# `err_size` is a further word of the answer, or nothing where stderr is not kept apart.
set_log_size() {
  log_size=0 err_size=
  [ ! -f "$J.log" ] || log_size=$(($(wc -c <"$J.log")))
  [ ! -f "$J.err" ] || err_size=" err=$(($(wc -c <"$J.err")))"
}
# Who ends it, and why? Sets `why`, `slayer`, `slayer_start`, `slayer_boot`, and what a full disk left no other room for; false
# when nobody does.
read_why() {
  why='' slayer='' noted_signals='' noted_containment='' noted_survivors=''
  { read -r why slayer slayer_start slayer_boot <"$J.why"; } 2>/dev/null
  if [ -x "$J.rc" ]; then
    read_note
    # shellcheck disable=SC2086
    set -- $note
    [ -n "$slayer" ] || why=${1-} slayer=${2-} slayer_start=${3-} slayer_boot=${4-}
    noted_signals=${5-} noted_containment=${6-} noted_survivors=${7-}
  fi
  case $why in '' | leftover) return 1 ;; esac
  [ -n "$slayer" ]
}
# See note_beside_claim.
read_note() {
  note=
  { read -r _ && read -r note; } 2>/dev/null <"$J.rc"
}
# Sets `phase` to one word, without a new process.
set_phase() {
  line=
  if ! { read -r line <"$J.rc"; } 2>/dev/null && [ ! -e "$J.rc" ]; then
    phase=absent
    return
  fi
  case $line in
    'tombstone .') phase=tombstone && return ;;
    'revoked .') phase=revoked && return ;;
    rc=*' .') phase=done && return ;;
  esac
  pid='' started='' born_boot=''
  { read -r pid started born_boot <"$J.go"; } 2>/dev/null
  # Created, but not yet written: its writer is between two system calls.
  if [ -z "$pid" ]; then phase=claimed && return; fi
  if [ "$pid" = revoked ]; then phase=revoked && return; fi
  if [ "$born_boot" != "$boot" ]; then set_lost reboot && return; fi
  # shellcheck disable=SC2086
  set -- $line
  if [ "${1-}" = - ] && is_alive "${2-0}" "${3-}" "${4-}"; then phase=running && return; fi
  # It may have ended between the two looks.
  { read -r line <"$J.rc"; } 2>/dev/null
  case $line in rc=*' .') phase=done && return ;; esac
  if is_alive "$pid" "$started" "$born_boot" || is_alive "${5-0}" "${6-}" "${4-}" || { [ -n "${7-}" ] && is_alive "$7" "${8-}" "${4-}"; }; then phase=orphan && return; fi
  # Its supervisor and itself are gone, and somebody still ends what it left.
  if read_why && is_alive "$slayer" "$slayer_start" "$slayer_boot"; then phase=orphan && return; fi
  set_lost supervisor_gone
}
# No result. That it was ended on purpose, and to the end, is known all the same when whoever did so has said it.
set_lost() {
  phase=lost lost=$1
  if read_why && { [ -s "$J.slain" ] || [ -n "$noted_signals" ]; }; then lost=$why; fi
}
# Sets `signals`, `survivors` and `containment`: how what was left was ended, and how it was found.
set_evidence() {
  signals='' survivors='' containment=''
  { read -r signals containment <"$J.slain"; } 2>/dev/null
  if [ -z "$signals" ] && [ -x "$J.rc" ]; then
    read_why
    signals=$noted_signals survivors=${noted_survivors#-} containment=$noted_containment
  fi
  if [ -s "$J.survivors" ]; then
    while read -r who name whence; do
      # An older program told no more than pid and name.
      # shellcheck disable=SC2086
      set -- $whence
      survivors=$survivors${survivors:+,}$who:$name${3+:$1:$2:$3}
    done <"$J.survivors"
  fi
  signals=${signals:--} survivors=${survivors:--} containment=${containment:--}
}
# Sets `answer` to one line.
set_state() {
  set_phase
  case $phase in
    absent) answer="absent $base_id $boot" ;;
    running | orphan)
      set_log_size
      answer="$phase $pid $started $born_boot $log_size$err_size"
      ;;
    lost)
      set_log_size
      set_evidence
      answer="lost $lost $log_size $signals $survivors $containment$err_size"
      ;;
    done)
      set_log_size
      pid='' started='' born_boot=''
      { read -r pid started born_boot <"$J.go"; } 2>/dev/null
      case $pid in '' | revoked) pid=- started=- born_boot=- ;; esac
      set_evidence
      # shellcheck disable=SC2086
      set -- $line
      answer="done ${1#rc=} ${2#why=} ${3#log=} $log_size $pid $started $born_boot $signals $survivors $containment"
      case ${5-} in err=*) answer="$answer${err_size:- err=0},${5#err=}" ;; esac
      ;;
    *) answer=$phase ;;
  esac
}
