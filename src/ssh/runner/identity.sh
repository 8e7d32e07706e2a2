# Who is alive? A process is told by pid, start time and boot id together; a pid alone may have been given to another.
[ -z "${BASH_VERSION-}" ] || set -o posix
LC_ALL=C

say() { printf '%s\n' "$*"; }
end_answer() { printf 'end\n'; }
refuse() {
  printf 'error %s %s\nend\n' "$1" "$(printf %s "$2" | tr '\n' ' ')"
  exit 0
}

is_word() {
  case $1 in '' | [-.]* | *[!A-Za-z0-9._-]*) return 1 ;; esac
  [ ${#1} -le 200 ]
}
# Without a leading zero, which arithmetic would read as octal.
is_count() {
  case $1 in '' | 0?* | *[!0-9]*) return 1 ;; esac
  [ ${#1} -le 15 ]
}
is_form() { [ "$1" = merged ] || [ "$1" = split ]; }
# jobId.attempt
is_attempt() { is_word "$1" && is_count "${1##*.}" && [ "${1%.*}" != "$1" ]; }

nap() { sleep "$1" 2>/dev/null || sleep 1; }
# Hundredths of a second since boot: no jump of the wall clock can move it.
set_now() {
  read -r up _ </proc/uptime
  now=$((${up%.*} * 100 + 1${up#*.} - 100))
}

# Sets `start`: field 22 of stat, counted after the last `)` since a name may hold spaces. A zombie is dead.
start_of() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null && start_in_stat
}
# Sets `self` and `start`. Not $$, which in a background part names the whole shell.
set_self() {
  { read -r stat </proc/self/stat; } 2>/dev/null || return 1
  self=${stat%% *}
  start_in_stat
}
start_in_stat() {
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  case $1 in Z | X) return 1 ;; esac
  start=${20}
}
# pid start boot
is_alive() { [ "${3-}" = "$boot" ] && start_of "$1" && [ "$start" = "$2" ]; }

# Sets `namespace`: where a process id that we see counts (pid_namespaces(7)); `-` where that cannot be read.
set_namespace() {
  namespace=$(ls -l /proc/self/ns/pid 2>/dev/null)
  namespace=${namespace##*\[}
  namespace=${namespace%\]}
  is_count "$namespace" || namespace=-
}

# TERM to a child of ours. Once is not enough: between fork and exec a shell may catch it for a trap that is no more.
end_child() {
  while start_of "$1"; do
    kill "$1" 2>/dev/null || break
    start_of "$1" && nap 0.01
  done
}

set_boot() { read -r boot </proc/sys/kernel/random/boot_id || refuse missing_tool 'no /proc/sys/kernel/random/boot_id'; }
# The folder's own name, given once: whoever finds another one stands before another folder.
set_base_id() {
  if [ ! -s id ]; then
    read -r fresh </proc/sys/kernel/random/uuid
    (
      set -C
      printf '%s\n' "$fresh" >id
    ) 2>/dev/null
  fi
  tries=0
  until base_id='' && { read -r base_id <id; } 2>/dev/null && [ -n "$base_id" ]; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] || refuse disk_full 'cannot write the file id'
    nap 0.05
  done
}
set_highest_fence() {
  highest=0
  for mark in fence/*; do
    mark=${mark##*/}
    is_count "$mark" && [ "$mark" -gt "$highest" ] && highest=$mark
  done
}
# Runs a command with a plain environment, not the one of the SSH session. With `exec` as first word it takes this shell's place.
plainly() {
  how=$1
  shift
  # shellcheck disable=SC2086
  set -- env -i HOME="$HOME" PATH="$PATH" ${USER:+USER="$USER"} ${LOGNAME:+LOGNAME="$LOGNAME"} ${SHELL:+SHELL="$SHELL"} \
    ${LANG:+LANG="$LANG"} ${TMPDIR:+TMPDIR="$TMPDIR"} "$@"
  [ "$how" != exec ] || exec "$@"
  "$@"
}
# Leaves the session of the channel for good.
leave() {
  command -v setsid >/dev/null || refuse missing_tool setsid
  # shellcheck disable=SC2086
  plainly exec setsid $interpreter "$program" "$kind" "$@" </dev/null
}
