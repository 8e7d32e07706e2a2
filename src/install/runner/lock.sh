# How do two installations on one machine not mix? A file that is there at once with its content, or not at all (`ln`); whoever
# finds the one of a process that is gone may follow it, and only one can: the name says after whom.
staging='' held=no
lock=/run/baton-install.lock

start_of() {
  started=''
  read -r stat <"/proc/$1/stat" || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # words of the kernel's: numbers and a letter
  set -- $stat
  # dead, and only not buried yet
  case $1 in Z | X) return 1 ;; esac
  started=${20}
} 2>/dev/null

# A folder of our own for what came in; `<pid>.<start>`, so that others see whether it is still needed.
make_staging() {
  [ -z "$staging" ] || return 0
  start_of $$ || fail protocol '/proc cannot be read'
  staging=/run/baton-install.$$.$started
  rm -rf "$staging"
  (umask 077 && mkdir "$staging") || fail disk_full "$staging cannot be made"
}
is_alive() { start_of "$1" && [ "$started" = "$2" ]; }

take_lock() {
  now=lock
  make_staging
  start_of $$
  printf '%s %s\n' $$ "$started" >"$staging/lock" || fail disk_full "$staging cannot be written"
  waited=0
  until ln "$staging/lock" "$lock" 2>/dev/null || follow_dead; do
    [ "$waited" -gt 0 ] || say "step lock begun waiting for another installation on this machine (process $holder)"
    waited=$((waited + 1))
    [ "$waited" -le 60 ] || fail busy "another installation on this machine has been at work for a minute (process $holder)"
    sleep 1
  done
  held=yes
  [ "$waited" -eq 0 ] || say 'step lock done'
  for old in /run/baton-install.[0-9]*.[0-9]* /var/tmp/baton-install.[0-9]*.[0-9]*; do
    if [ ! -d "$old" ] || [ -L "$old" ]; then continue; fi
    ids=${old##*/baton-install.}
    is_alive "${ids%.*}" "${ids#*.}" || rm -rf "$old"
  done
}
follow_dead() {
  holder='' since=''
  read -r holder since <"$lock" || return 1
  is_count "$holder" && is_count "$since" || return 1
  is_alive "$holder" "$since" && return 1
  ln "$staging/lock" "$lock.after.$holder.$since" || return 1
  cp "$staging/lock" "$staging/lock.own" && mv -f "$staging/lock.own" "$lock"
} 2>/dev/null
release() {
  [ -z "$staging" ] || rm -rf "$staging" "/var/tmp/${staging##*/}"
  [ "$held" = no ] || rm -f "$lock"
  held=no
}
