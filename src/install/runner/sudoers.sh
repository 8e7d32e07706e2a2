# What may jobs do as root? One file of ours, put in place only when sudo's own checker accepts it.
make_sudoers() {
  place=/etc/sudoers.d/baton-$user
  if [ "$sudo" = none ]; then
    if claimed file "$place"; then
      remove_entry file "$place" "$(marks_of file "$place")"
      touch_it
    fi
    return 0
  fi
  has visudo || fail missing_tool 'sudo is not installed, so jobs cannot be given it'
  grep -Eq '^[#@]includedir[[:space:]]+/etc/sudoers\.d/?[[:space:]]*$' /etc/sudoers ||
    fail sudoers_unread '/etc/sudoers does not include /etc/sudoers.d'
  allowed=ALL
  if [ "$sudo" = some ]; then
    allowed=''
    for each in $commands; do
      { [ -x "$each" ] && [ ! -d "$each" ]; } || fail command_missing "$each is no program on this machine"
      check_way "${each%/*}"
      is_safe "$(readlink -f "$each")" || fail unsafe_path "$each can be changed by others than root"
      allowed="$allowed${allowed:+, }$each"
    done
  fi
  make_staging
  {
    printf '# Made by Baton for its runner %s, and removed with it.\n' "$user"
    for each in $(wanted_accounts); do
      printf 'Defaults:%s !requiretty\n' "$each"
      printf 'Defaults:%s secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\n' "$each"
      printf '%s ALL=(root) NOPASSWD: %s\n' "$each" "$allowed"
    done
  } >"$staging/sudoers" || fail disk_full "$staging cannot be written"
  chmod 440 "$staging/sudoers"
  said=$(visudo -cf "$staging/sudoers" 2>&1) || fail sudoers_refused "sudo does not accept what was to be written: $said"
  put_file "$place" 440 "$staging/sudoers"
}
