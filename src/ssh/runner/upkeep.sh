# What else is done in Baton's folder: ask for the state, store a source, tidy up after an attempt.

# id
op_query() {
  [ $# -eq 1 ] && is_attempt "$1" || refuse protocol 'not an attempt'
  J=$PWD/$1
  set_state
  say "state $answer"
  end_answer
}

# pid start boot namespace, of each process: is it gone?
op_alive() {
  [ $# -ge 4 ] && [ $(($# % 4)) -eq 0 ] || refuse protocol 'not four words for each process'
  set_namespace
  while [ $# -gt 0 ]; do
    is_count "$1" && is_count "$2" && is_word "$3" && is_count "$4" || refuse protocol 'not a process'
    if [ "$3" != "$boot" ]; then
      say gone
    elif [ "$4" != "$namespace" ]; then
      # Its number means another process here, or none.
      say unknown
    elif is_alive "$1" "$2" "$3"; then
      say alive
    else
      say gone
    fi
    shift 4
  done
  end_answer
}

# key length; the tar follows
op_put() {
  [ $# -eq 2 ] && is_word "$1" && is_count "$2" || refuse protocol 'not a key and a count'
  said=$({ cat >"in/$nonce"; } 2>&1) && [ $(($(wc -c <"in/$nonce"))) -eq "$2" ] || {
    rm -f "in/$nonce"
    refuse disk_full "the source was not stored whole: $said"
  }
  mv -f "in/$nonce" "cache/$1.tar" || refuse workspace_not_writable 'cannot rename in cache'
  # Sources nobody asked for in a month; they come again when needed.
  find cache -name '*.tar' -mtime +30 -exec rm -f {} + 2>/dev/null
  say stored
  end_answer
}

# ids; one that cannot be tidied up keeps no other from it
op_tidy() {
  [ $# -ge 1 ] || refuse protocol 'no attempt'
  refused='' count=$#
  for id; do
    is_attempt "$id" || refuse protocol 'not an attempt'
    J=$PWD/$id
    set_phase
    case $phase in
      running | orphan | claimed)
        refused="the attempt $id is still $phase"
        continue
        ;;
    esac
    kept=''
    ! keep_workspace || kept=1
    [ -e "$J.rc" ] || printf '' >>"$J.rc"
    # In place and first: from here on no late start can take it for new.
    printf '%-127s\n' 'tombstone .' 1<>"$J.rc" || refuse disk_full 'cannot write the tombstone'
    # A job may have put a link in place of its workspace, or taken our rights away.
    if [ ! -L "$J.ws" ] && [ -d "$J.ws" ] && { [ ! -r "$J.ws" ] || [ ! -w "$J.ws" ] || [ ! -x "$J.ws" ]; }; then chmod -R u+rwX "$J.ws"; fi
    [ -n "$kept" ] || set -- "$@" "$J.ws" "$J.keep"
    set -- "$@" "$J.go" "$J.job" "$J.script" "$J.env" "$J.out" "$J.out2" "$J.log" "$J.err" "$J.why" "$J.heard" "$J.survivors" "$J.slain" "$J".slain.*
  done
  shift "$count"
  [ $# -eq 0 ] || remove "$@" || refuse workspace_not_writable "could not be removed: $said"
  [ -z "$refused" ] || refuse protocol "$refused"
  say tidied
  end_answer
}
