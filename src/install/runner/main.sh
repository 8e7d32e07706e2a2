# The order comes as data behind the program; at the end, since a text cut short must do nothing.
read_order
case $operation in
  look)
    op_look
    say end
    exit 0
    ;;
  prepare | package | undo | uninstall) ;;
  *) bad operation ;;
esac
[ -n "$user" ] || bad user
take_lock
case $operation in
  prepare) op_prepare ;;
  package)
    undoes=package
    op_package
    ;;
  undo) op_undo ;;
  uninstall) op_uninstall ;;
esac
finish
