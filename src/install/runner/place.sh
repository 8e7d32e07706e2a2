# How do folders and files come to their places, so that no job can take them away?
digest_of() {
  digested=$(sha256sum <"$1") || return 1
  printf %s "${digested%% *}"
}
# Belongs to root, and nobody else may write it.
is_safe() {
  case $(stat -L -c '%u %A' "$1") in '0 '?????w* | '0 '????????w*) return 1 ;; '0 '*) ;; *) return 1 ;; esac
}
# Whoever can write a folder on the way can put another in its place. What was found safe is not looked at again.
safe_ways=' '
check_way() {
  way=$1
  while [ -n "$way" ]; do
    case $safe_ways in *" $way "*) ;; *)
      real=$(cd -P -- "$way" && pwd -P) || fail unsafe_path "$way cannot be entered"
      check_real "$real"
      safe_ways="$safe_ways$way "
      ;;
    esac
    way=${way%/*}
  done
}
# Without symbolic links.
check_real() {
  real=$1
  while :; do
    case $safe_ways in
      *" ${real:-/} "*) ;;
      *) is_safe "${real:-/}" || fail unsafe_path "${real:-/} can be changed by others than root, so what lies below it is not safe from jobs" ;;
    esac
    case $real in '' | /) break ;; esac
    safe_ways="$safe_ways$real "
    real=${real%/*}
  done
  safe_ways="$safe_ways/ "
}
# Makes what is missing above a path, and looks at all of it.
make_parents() {
  above=${1%/*}
  [ -n "$above" ] || return 0
  todo=''
  while [ -n "$above" ] && [ ! -e "$above" ] && [ ! -L "$above" ]; do
    todo="$above $todo"
    above=${above%/*}
  done
  check_way "${above:-/}"
  for part in $todo; do
    if [ "$part" = /var/opt/baton ]; then make_folder shared "$part" 755; else make_folder dir "$part" 755; fi
  done
  # a neighbour made it, and is not to be the only one that removes it
  if [ "${1%/*}" = /var/opt/baton ] && ! claimed shared /var/opt/baton && is_ours_elsewhere /var/opt/baton; then note shared /var/opt/baton; fi
}
is_ours_elsewhere() {
  for other in "$etc"/*.manifest; do
    if [ ! -f "$other" ] || [ "$other" = "$manifest" ]; then continue; fi
    awk -v name="$1" '$1 == "shared" && $3 == name { found = 1 } END { exit !found }' "$other" && return 0
  done
  return 1
}
# kind, path, mode, owner:group
make_folder() {
  if [ -L "$2" ] || { [ -e "$2" ] && [ ! -d "$2" ]; }; then fail path_exists "$2 exists and is no folder"; fi
  if [ ! -d "$2" ]; then
    note "$1" "$2"
    (umask 077 && mkdir "$2") 2>/dev/null || fail disk_full "$2 cannot be made; is the disk full?"
    touch_it
  elif ! claimed "$1" "$2"; then
    fail path_exists "$2 exists already, and no installation of Baton made it"
  fi
  is_as "$2" "$3" "${4:-0:0}" && return 0
  { chown "${4:-0:0}" "$2" && chmod "$3" "$2"; } || fail unsafe_path "owner and rights of $2 cannot be set"
  touch_it
}
# path, mode as in chmod, uid:gid
is_as() { [ "$(stat -c '%a %u:%g' "$1")" = "$2 $3" ]; }
# path, mode, source. The old content is kept until the next run, for `undo`.
put_file() {
  fresh=$(digest_of "$3") || fail protocol "$3 cannot be read"
  if [ -L "$1" ] || { [ -e "$1" ] && [ ! -f "$1" ]; }; then fail path_exists "$1 exists and is no file"; fi
  if [ -e "$1" ]; then
    claimed file "$1" || fail path_exists "$1 exists already, and no installation of Baton made it"
    [ "$(digest_of "$1")" = "$fresh" ] && is_as "$1" "$2" 0:0 && [ "$(marks_of file "$1")" = "$fresh" ] && return 0
    keep_old "$1"
    note file "$1" "$fresh,$(marks_of file "$1")"
  else
    note file "$1" "$fresh"
  fi
  {
    cat "$3" >"$1.baton-new" && [ "$(digest_of "$1.baton-new")" = "$fresh" ] && chown 0:0 "$1.baton-new" &&
      chmod "$2" "$1.baton-new" && mv -f "$1.baton-new" "$1"
  } 2>/dev/null || {
    rm -f "$1.baton-new"
    fail disk_full "$1 cannot be written; is the disk full?"
  }
  note file "$1" "$fresh"
  touch_it
}
# What this run changes is kept until the next, to be put back by an undo; what it made needs none.
make_kept() {
  kept=$etc/.$user.undo
  [ -d "$kept" ] && return 0
  { (umask 077 && mkdir "$kept") && printf '%s\n' "$run" >"$kept/run"; } 2>/dev/null || fail disk_full "$kept cannot be written; is the disk full?"
}
keep_old() {
  [ "$(maker_of file "$1")" != "$run" ] || return 0
  make_kept
  number=$(($(wc -l <"$kept/run")))
  { cp -p "$1" "$kept/$number" && printf '%s\n' "$1" >>"$kept/run"; } 2>/dev/null || fail disk_full "$kept cannot be written; is the disk full?"
}
