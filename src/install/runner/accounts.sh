# Which accounts do jobs run as? System accounts without a password whose homes are out of their own reach.
account_line() { getent passwd "$1" 2>/dev/null || grep "^$1:" /etc/passwd; }
group_line() { getent group "$1" 2>/dev/null || grep "^$1:" /etc/group; }
# Of an account line: its nth field.
field() { printf '%s\n' "$2" | cut -d: -f"$1"; }
is_our_account() {
  entry=$(account_line "$1") || return 1
  [ "$(field 5 "$entry")" = "Baton runner $user" ]
}
# The names of all accounts of this order.
wanted_accounts() {
  printf '%s\n' "$user"
  [ "$isolate" = yes ] || return 0
  n=0
  while [ "$n" -lt "$slots" ]; do
    printf '%s-%s\n' "$user" "$n"
    n=$((n + 1))
  done
}
base_of() { printf '%s%s' "$base" "${1#"$user"}"; }
ids_of() {
  entry=$(account_line "$1")
  printf '%s:%s' "$(field 3 "$entry")" "$(field 4 "$entry")"
}

# A neighbour's account is told before anything is made.
refuse_foreign() {
  for who in $(wanted_accounts); do
    if account_line "$who" >/dev/null; then
      { claimed account "$who" && is_our_account "$who"; } ||
        fail account_exists "there is an account $who already, and no installation of Baton made it"
    elif group_line "$who" >/dev/null; then
      claimed group "$who" || fail account_exists "there is a group $who already, and no installation of Baton made it"
    fi
  done
}
make_account() {
  if ! group_line "$1" >/dev/null; then
    note group "$1"
    if has groupadd; then said=$(groupadd -r "$1" 2>&1); else said=$(addgroup -S "$1" 2>&1); fi ||
      fail account_failed "the group $1 could not be made: $said"
    touch_it
  fi
  if ! account_line "$1" >/dev/null; then
    note account "$1"
    # shadow's useradd, else busybox's adduser
    if has useradd; then
      said=$(useradd -r -M -g "$1" -d "$(home_of "$1")" -s /bin/sh -c "Baton runner $user" "$1" 2>&1)
    else
      said=$(adduser -S -D -H -h "$(home_of "$1")" -s /bin/sh -G "$1" -g "Baton runner $user" "$1" 2>&1)
    fi || fail account_failed "the account $1 could not be made: $said"
    touch_it
  fi
  entry=$(account_line "$1")
  if [ "$(field 6 "$entry")" != "$(home_of "$1")" ] || [ "$(field 7 "$entry")" != /bin/sh ]; then
    fail account_changed "the account $1 has another home or shell than it was given: $entry"
  fi
  # no password, and yet not locked: with `!`, an sshd without PAM would refuse the key, too
  stored=$(awk -F: -v name="$1" '$1 == name { print $2 }' /etc/shadow)
  [ "$stored" = '*' ] && return 0
  if has usermod; then said=$(usermod -p '*' "$1" 2>&1); else said=$(printf '%s:*\n' "$1" | chpasswd -e 2>&1); fi ||
    fail account_failed "the password of $1 could not be switched off: $said"
  touch_it
}
# Those of slots that are no more.
drop_accounts() {
  wanted=" $(wanted_accounts | tr '\n' ' ')"
  # shellcheck disable=SC2013 # names are words
  for who in $(awk '$1 == "account" || $1 == "group" { print $3 }' "$manifest" | sort -u); do
    case $wanted in *" $who "*) continue ;; esac
    await_living "$who"
    refuse_living "$who"
    make_kept
    printf '%s\n' "$who" >>"$kept/dropped" || no_room
    old_base=$(awk -v own="$base" -v tail="${who#"$user"}" '
      $1 == "tree" && $3 != own && substr($3, length($3) - length(tail) + 1) == tail { print $3; exit }' "$manifest")
    for pair in "file $(home_of "$who")/.ssh/authorized_keys" "dir $(home_of "$who")/.ssh" "dir $(home_of "$who")" \
      ${old_base:+"tree $old_base"} "account $who" "group $who"; do
      claimed "${pair%% *}" "${pair#* }" || continue
      remove_entry "${pair%% *}" "${pair#* }" "$(marks_of "${pair%% *}" "${pair#* }")"
    done
    touch_it
  done
}
make_keys() {
  make_staging
  printf 'restrict %s\n' "$key" >"$staging/key" || fail disk_full "$staging cannot be written"
  for who in $(wanted_accounts); do
    home=$(home_of "$who")
    make_parents "$home"
    make_folder dir "$home" 755
    make_folder dir "$home/.ssh" 755
    put_file "$home/.ssh/authorized_keys" 644 "$staging/key"
    check_way "$home/.ssh"
  done
}
make_bases() {
  for who in $(wanted_accounts); do
    make_parents "$(base_of "$who")"
    make_folder tree "$(base_of "$who")" 700 "$(ids_of "$who")"
  done
}
