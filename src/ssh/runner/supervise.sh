# How does a job run when nobody is connected, where no shell can stay open for it? A detached shell of its own supervises it,
# and what the job is came as a file.

# id fence base boot total silence grace cap key form keep keepSeconds cache freeKib home environmentLength length
op_start() {
  [ $# -eq 17 ] || refuse protocol 'start takes 17 words'
  id=$1 key=$9
  is_attempt "$id" || refuse protocol 'not an attempt'
  for count in "$2" "$5" "$6" "$7" "$8" "${16}" "${17}"; do is_count "$count" || refuse protocol 'not a count'; done
  for word in "$3" "$4"; do is_word "$word" || refuse protocol 'not a word'; done
  is_form "${10}" || refuse protocol 'not a form of output'
  is_workspace "${11}" "${12}" "${13}" "${14}" "${15}" || refuse protocol 'not what becomes of a workspace'
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
  [ $(($(wc -c <"in/$nonce"))) -eq "${17}" ] || {
    rm -f "in/$nonce"
    refuse protocol 'the order was cut short'
  }
  leave supervise "$nonce" "$umask" "$@"
}

supervise() {
  nonce=$1 umask=$2
  shift 2
  id=$1 fence=$2 wanted_base=$3 wanted_boot=$4 total=$5 silence=$6 grace=$7 cap=$8 key=$9
  shift 9
  form=$1 keep=$2 keep_for=$3 cache=$4 wanted_free=$5 home=$6 environment_length=$7 length=$8
  J=$PWD/$id pipe=$J.out pipe2=$J.out2 scratch=in/$nonce.said script_file=$J.script mode=order group= due=$PWD/in/$nonce.due plan=$PWD/in/$nonce.plan watcher= room=
  before='' after='end
'
  find_tools
  # `:` and not '': an ignored signal would be inherited by the job.
  trap : PIPE
  start_of $$
  owner_start=$start owner="$$ $start $boot"
  exec 6>&1 >/dev/null 2>&1
  # Who loses the claim has nothing of the attempt.
  if ! has_room || ! claim; then
    rm -f "in/$nonce"
    exit 0
  fi
  ! prepare || run_job "$(command -v rm)"
  end_watcher
  rm -f "$scratch" "$pipe" "$pipe2" "$due" "$plan"
}
# The channel ends with the answer, so that nobody waits for the job.
order_tell() {
  printf '%s\nend\n' "$1" >&6
  exec 6>&-
}

order_script() {
  head -c "$environment_length" "in/$nonce" >"$J.env" && tail -c +$((environment_length + 1)) "in/$nonce" >"$J.script" ||
    return 1
  [ "$(($(wc -c <"$J.env") + $(wc -c <"$J.script")))" -eq "$length" ] || {
    echo 'No space left for the script' >&2
    return 1
  }
  rm -f "in/$nonce" && mkfifo "$pipe" && lay_out_watch
}
order_drop() { rm -f "in/$nonce" "$J.env" "$script_file" "$pipe" "$pipe2" "$due" "$plan"; }

# rm, then what `become` takes
order_environment() {
  load_environment <"$2.env" || exit 125
  # Values may be secret, and both ends of the pipes are open.
  "$1" -f "$2.env" "$2.out" "$2.out2"
  shift
  become "$@"
}
load_environment() {
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
