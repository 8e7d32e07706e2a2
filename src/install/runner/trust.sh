# Which certificates does the whole machine trust? Where each family keeps them, and what makes them count.
trust_folder() {
  case $trust in
    debian) printf /usr/local/share/ca-certificates ;;
    rhel) printf /etc/pki/ca-trust/source/anchors ;;
    suse) printf /etc/pki/trust/anchors ;;
    *) fail protocol 'no such family of trusted certificates' ;;
  esac
}
refresher_of() { case $trust in rhel) printf update-ca-trust ;; *) printf update-ca-certificates ;; esac }
# A mark of its own says that what lies there does not count yet, since we may be gone before it does; and whether something was removed.
dirty_trust() { printf '%s\n' "${1-}" >>"$etc/.$user.trust" 2>/dev/null || fail disk_full "$etc cannot be written; is the disk full?"; }
refresh_trust() {
  [ -e "$etc/.$user.trust" ] || return 0
  refresher=$(refresher_of)
  # Debian's and SUSE's forget nothing unless told so; Alpine's has no such word, and forgets by itself
  if grep -q removed "$etc/.$user.trust" && grep -qs -e --fresh "$(command -v "$refresher")"; then
    said=$("$refresher" --fresh 2>&1)
  else
    said=$("$refresher" 2>&1)
  fi || return 1
  rm -f "$etc/.$user.trust"
}
make_trust() {
  folder=$(trust_folder)
  [ -z "$certs" ] || has "$(refresher_of)" || fail missing_tool "$(refresher_of) is not installed (package ca-certificates)"
  for each in $certs; do
    dirty_trust
    [ -d "$folder" ] || make_folder dir "$folder" 755
    put_file "$folder/baton-$user-$each.crt" 644 "$staging/cert.$each"
  done
  # shellcheck disable=SC2013 # paths of ours are words
  for old in $(awk -v start="$folder/baton-$user-" '$1 == "file" && index($3, start) == 1 { print $3 }' "$manifest"); do
    short=${old#"$folder/baton-$user-"}
    case " $certs " in *" ${short%.crt} "*) continue ;; esac
    dirty_trust removed
    remove_entry file "$old" "$(marks_of file "$old")"
    touch_it
  done
  refresh_trust || fail trust_failed "$(refresher_of) failed: $said"
}
make_fips() {
  place=$etc/$user.fips-chain.pem
  if [ "$fips" = yes ]; then
    put_file "$place" 644 "$staging/fips"
  elif claimed file "$place"; then
    remove_entry file "$place" "$(marks_of file "$place")"
    touch_it
  fi
}
