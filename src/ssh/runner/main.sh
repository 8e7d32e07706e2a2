# Which part of the program is wanted? Called by the bootstrap for one operation, and by itself for detached work.
main() {
  # Read by a slot's own shell.
  if [ -n "${BATON_SLOT-}" ]; then
    open_slot
    return
  fi
  program=$0 kind=$1 me='' on_signalled='' group='' detach=leave
  case $kind in
    sh) interpreter=/bin/sh ;;
    dash) interpreter=dash ;;
    bash) interpreter=bash ;;
    busybox) interpreter='busybox sh' ;;
  esac
  umask 077
  cd -P . || exit 92
  set_boot
  set_base_id
  case $2 in
    supervise)
      shift 2
      supervise "$@"
      ;;
    slay)
      on_signalled=tell_signalled
      slay_attempt "$3" "$4"
      ;;
    operate)
      nonce=$3 umask=$4
      IFS= read -r order || refuse protocol 'no order'
      case $order in *[!A-Za-z0-9\ ._+-]*) refuse protocol 'the order holds other than plain words' ;; esac
      # shellcheck disable=SC2086
      set -- $order
      operation=$1
      shift
      case $operation in
        start | cancel | revoke | follow | query | put | tidy | probe | slot | alive) "op_$operation" "$@" ;;
        *) refuse protocol 'no such operation' ;;
      esac
      ;;
  esac
}
main "$@"
