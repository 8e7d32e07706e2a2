# The order comes as data behind the program. In a function, so that a text cut short does nothing.
main() {
  read_order
  if [ "$operation" = look ]; then
    op_look
    say end
    return 0
  fi
  case $operation in prepare | package | undo | uninstall) ;; *) bad operation ;; esac
  [ -n "$user" ] || bad user
  take_lock
  "op_$operation"
  finish
}
main
