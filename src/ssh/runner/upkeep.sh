# What else is done in Baton's folder: ask for the state, store a source, tidy up after an attempt.

# id
op_query() {
  [ $# -eq 1 ] && is_attempt "$1" || refuse protocol 'not an attempt'
  J=$PWD/$1
  set_state
  say "state $answer"
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

# id
op_tidy() {
  [ $# -eq 1 ] && is_attempt "$1" || refuse protocol 'not an attempt'
  J=$PWD/$1
  set_phase
  case $phase in running | orphan | claimed) refuse protocol "the attempt is still $phase" ;; esac
  [ -e "$J.rc" ] || : >>"$J.rc"
  # In place and first: from here on no late start can take it for new.
  printf '%-127s\n' 'tombstone .' 1<>"$J.rc" || refuse disk_full 'cannot write the tombstone'
  # A job may have put a link in place of its workspace.
  if [ ! -L "$J.ws" ] && [ -d "$J.ws" ]; then chmod -R u+rwX "$J.ws" 2>/dev/null; fi
  said=$(rm -rf "$J.ws" "$J.go" "$J.script" "$J.env" "$J.out" "$J.log" "$J.why" "$J.pump" "$J.survivors" "$J.slain" "$J".slain.* 2>&1) ||
    refuse workspace_not_writable "could not be removed: $said"
  say tidied
  end_answer
}
