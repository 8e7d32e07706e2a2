# How is something taken away that the manifest says is ours? What somebody else changed meanwhile is theirs, and told.
# kind, name, marks
remove_entry() {
  gone=yes
  case $1 in
    file) remove_file "$2" "$3" ;;
    dir) [ ! -d "$2" ] || rmdir "$2" 2>/dev/null || left "$2 stays: it holds what no installation made" ;;
    # at last, in sweep_shared
    shared) gone=no ;;
    tree) remove_tree "$2" ;;
    account) remove_account "$2" ;;
    group) remove_group "$2" ;;
    appended) cut_block "$2" ;;
    package) remove_package "$2" "$3" ;;
  esac
  [ "$gone" = no ] || forget "$1" "$2"
}
stays() {
  gone=no
  left "$@"
}
remove_file() {
  rm -f "$1.baton-new"
  [ -e "$1" ] || [ -L "$1" ] || return 0
  if [ -L "$1" ] || [ ! -f "$1" ]; then
    left "$1 stays: it is no file any more"
    return 0
  fi
  case ",$2," in
    *",$(digest_of "$1"),"*) ;;
    *)
      left "$1 stays: it was changed since it was installed"
      return 0
      ;;
  esac
  case $1 in
    /usr/local/share/ca-certificates/*)
      trust=debian
      dirty_trust removed
      ;;
    /etc/pki/ca-trust/source/anchors/*)
      trust=rhel
      dirty_trust removed
      ;;
    /etc/pki/trust/anchors/*)
      trust=suse
      dirty_trust removed
      ;;
  esac
  rm -f "$1" || stays "$1 could not be removed"
}
# Of what this order does not want any more; an undo brings it back.
drop_file() {
  claimed file "$1" || return 0
  keep_old "$1"
  remove_entry file "$1" "$(marks_of file "$1")"
  touch_it
}
remove_tree() {
  [ -e "$1" ] || return 0
  if [ -L "$1" ] || [ ! -d "$1" ]; then
    left "$1 stays: it is no folder any more"
  else
    said=$(rm -rf "$1" 2>&1) || stays "$1 could not be removed: $said"
  fi
}
remove_account() {
  account_line "$1" >/dev/null || return 0
  if ! is_our_account "$1"; then
    left "the account $1 stays: it is not the one that was made"
  elif has userdel; then
    # the group is ours as well and goes with its own line, whatever USERGROUPS_ENAB says
    said=$(userdel "$1" 2>&1) || stays "the account $1 could not be removed: $said"
  else
    said=$(deluser "$1" 2>&1) || stays "the account $1 could not be removed: $said"
  fi
}
remove_group() {
  group_line "$1" >/dev/null || return 0
  if has groupdel; then said=$(groupdel "$1" 2>&1); else said=$(delgroup "$1" 2>&1); fi ||
    stays "the group $1 could not be removed: $said"
}
# The folders that runners share, the manifest itself, and what belongs to it.
sweep_shared() {
  # while the manifest still names them; its own folder goes last, and an empty one is taken over by the next
  # shellcheck disable=SC2013 # paths of ours, without spaces
  for one in $(awk -v own="$etc" '$1 == "shared" && $3 != own { print $3 }' "$manifest"); do rmdir "$one" 2>/dev/null; done
  last=''
  if claimed shared "$etc"; then last=$etc; fi
  rm -rf "$etc/.$user.undo"
  rm -f "$etc/.$user.trust" "$manifest" "$manifest.new"
  has_manifest=no
  [ -z "$last" ] || rmdir "$last" 2>/dev/null || :
}
has_entries() { entries_of | grep -qv '^shared '; }

# What this run made, the youngest first; then what it changed is put back.
take_back() {
  [ "$has_manifest" = yes ] && [ -n "$run" ] || return 0
  say "step remove begun"
  each_entry_of "$run"
  put_back
  refresh_trust || left "the machine's trusted certificates could not be refreshed: $said"
  if ! has_entries; then sweep_shared; fi
  say "step remove undone"
}
# Not in a pipe: what is said of what stays must be kept by this shell.
each_entry_of() {
  make_staging
  entries_of "$1" >"$staging/entries" || return 0
  while read -r kind name marks <&3; do
    if [ "$kind" = account ] && is_our_account "$name"; then end_living "$name" || left "processes of $name could not be ended"; fi
    remove_entry "$kind" "$name" "$marks"
  done 3<"$staging/entries"
}
put_back() {
  kept=$etc/.$user.undo
  [ -f "$kept/run" ] && IFS= read -r made_by <"$kept/run" && [ "$made_by" = "$run" ] || return 0
  number=0
  while IFS= read -r path <&4; do
    [ "$number" -eq 0 ] || {
      if cp -p "$kept/$number" "$path.baton-new" && mv -f "$path.baton-new" "$path"; then
        note file "$path" "$(digest_of "$path")"
      else
        left "$path could not be put back as it was"
      fi
      case $path in *.crt) dirty_trust removed ;; esac
    }
    number=$((number + 1))
  done 4<"$kept/run"
  if [ -f "$kept/dropped" ]; then
    while read -r who; do left "the account $who was removed with its folder, and is not made again"; done <"$kept/dropped"
  fi
  [ ! -f "$kept/heads" ] || write_heads "$(cat "$kept/heads")"
  rm -rf "$kept"
}

op_undo() {
  open_manifest
  take_back
}
op_uninstall() {
  open_manifest
  [ "$has_manifest" = yes ] || fail not_installed "there is no $manifest, so no installation of Baton made $user"
  begin_step processes
  refuse_other_owner
  ours=$(awk '$1 == "account" { print $3 }' "$manifest")
  if [ "$ends" != yes ]; then
    for who in $ours; do is_our_account "$who" && refuse_living "$who"; done
  else
    # first the keys, so that nobody comes in any more
    for who in $ours; do
      path=$(home_of "$who")/.ssh/authorized_keys
      if claimed file "$path"; then remove_entry file "$path" "$(marks_of file "$path")"; fi
    done
    for who in $ours; do
      is_our_account "$who" || continue
      [ -z "$(living "$who")" ] || touch_it
      end_living "$who" || fail processes_live "processes of $who could not be ended: $(living "$who" | tr '\n' ';')"
    done
  fi
  end_step
  begin_step remove
  each_entry_of ''
  refresh_trust || left "the machine's trusted certificates could not be refreshed: $said"
  if ! has_entries; then sweep_shared; fi
  touch_it
  end_step
}
