# What does a job find besides its source, and what stays of that? A workspace may be kept for a while, a cache is found again by
# the jobs of a project, a home by one of them at a time; a disk with too little room takes no job.
# Needs keep (`never`, `on_failure` or `always`), keep_for (seconds), cache and home (words, or `-`), wanted_free (KiB, 0: any).
#   $J.keep               `on_failure SECONDS` or `always SECONDS`; of a workspace that stays `until EPOCH`
#   cache-of/<word>       and beside it `.used`: touched by each job, with its name in it
#   home-of/<word>        and beside it `.of`: the attempt that has it, or had it last
#   $J.home               path of the home that the attempt has
#   ../home               HOME of jobs in an account that cannot write its own

is_workspace() {
  case $1 in never | on_failure | always) ;; *) return 1 ;; esac
  is_count "$2" && is_count "$4" && { [ "$3" = - ] || is_word "$3"; } && { [ "$5" = - ] || is_word "$5"; }
}

# False when the disk has less; then that has been told. A slot asks once a minute, so that most jobs need no process for it,
# and each time while there is too little.
has_room() {
  [ "$wanted_free" -gt 0 ] || return 0
  set_now
  if [ -z "$room" ] || [ "$room" -lt "$wanted_free" ] || [ "$now" -gt "$room_until" ]; then
    set_room
    room_until=$((now + 6000))
  fi
  # Where it cannot be known, the job is tried.
  [ -n "$room" ] && [ "$room" -lt "$wanted_free" ] || return 0
  tell "not-started disk_low $room KiB are free on its disk, and $wanted_free KiB are wanted"
  return 1
}
# Sets `room`: what `df -P` shows before the one column that ends in a percent sign, since names may hold blanks.
set_room() {
  room=
  said=$(df -Pk . 2>/dev/null) || return 0
  set -f
  # shellcheck disable=SC2086
  set -- $said
  set +f
  while [ $# -gt 1 ]; do
    case $2 in
      [0-9]*%)
        is_count "$1" && room=$1
        return 0
        ;;
    esac
    shift
  done
}

# Sets `cache` and `home` to paths; `home` stays `-` where it is the account's.
lay_out_workspace() {
  [ "$keep" = never ] || printf '%s %s\n' "$keep" "$keep_for" >"$J.keep" || return 1
  if [ "$cache" != - ]; then
    cache=cache-of/$cache
    [ -d "$cache" ] || mkdir -p "$cache" || return 1
    printf '%s\n' "$id" >"$cache.used" || return 1
    cache=$PWD/$cache
  fi
  if [ "$home" = - ]; then use_own_home; else take_home; fi
}
# The account's, as a rule, which is nothing to set.
use_own_home() {
  [ -n "${HOME-}" ] && [ -d "$HOME" ] && [ -w "$HOME" ] && return 0
  # Beside the folders of all installations, as a home is.
  home=${PWD%/*}/home
  # Another job may be making it.
  [ -d "$home" ] || mkdir "$home" 2>/dev/null || [ -d "$home" ]
}
# The server gives a home to one job at a time. One that it gave up may live on here; then this job gets an empty one instead.
take_home() {
  home=$PWD/home-of/$home
  [ -d "$home" ] || mkdir -p "$home" || return 1
  former=
  { read -r former <"$home.of"; } 2>/dev/null
  if is_under_way "$former"; then
    home=$J.ws
    return 0
  fi
  printf '%s\n' "$id" >"$home.of" && printf '%s\n' "$home" >"$J.home"
}
# Sets `kept_home`: that of the attempt `id`, as long as no other has it.
set_kept_home() {
  kept_home='' former=''
  { read -r kept_home <"$J.home" && read -r former <"$kept_home.of"; } 2>/dev/null
  [ "$former" = "$id" ] || kept_home=
}
is_under_way() (
  is_attempt "$1" && [ "$1" != "$id" ] || exit 1
  J=$PWD/$1
  set_phase
  case $phase in running | orphan | claimed) exit 0 ;; esac
  exit 1
)

# Whether the workspace of an attempt that is tidied up stays. Needs `phase` and `line` of set_phase.
keep_workspace() {
  [ -f "$J.keep" ] || return 1
  keep='' keep_for=''
  { read -r keep keep_for _ <"$J.keep"; } 2>/dev/null
  [ "$keep" != until ] || return 0
  # It was decided before that nothing stays.
  case $phase in done | lost) ;; *) return 1 ;; esac
  case $keep in
    always) ;;
    on_failure) case $line in 'rc=0 why=exit '*) return 1 ;; esac ;;
    *) return 1 ;;
  esac
  [ ! -L "$J.ws" ] && [ -d "$J.ws" ] && is_count "$keep_for" || return 1
  # Its clock shows whole seconds: rather one more than one less.
  printf 'until %s\n' "$(($(date +%s) + keep_for + 1))" >"$J.keep"
}

# What may go: kept workspaces whose time is over, or that are not among the twenty newest; caches and homes of no use for a month.
sweep_workspaces() {
  set -- ./*.keep
  if [ -e "$1" ]; then
    today=$(date +%s)
    # shellcheck disable=SC2012
    ls -t "$@" 2>/dev/null | sweep_kept
  fi
  for store in cache-of home-of; do
    [ ! -d "$store" ] || find "$store" ! -name "$store" -prune \( -name '*.used' -o -name '*.of' \) -mtime +30 2>/dev/null | sweep_unused
  done
}
sweep_kept() {
  count=0
  while IFS= read -r each; do
    each=${each#./}
    is_attempt "${each%.keep}" || continue
    word='' ends=''
    { read -r word ends _ <"$each"; } 2>/dev/null
    [ "$word" = until ] && is_count "$ends" || continue
    count=$((count + 1))
    [ "$count" -le 20 ] && [ "$ends" -gt "$today" ] || remove "${each%.keep}.ws" "$each"
  done
}
sweep_unused() {
  while IFS= read -r each; do
    former='' id=
    { read -r former <"$each"; } 2>/dev/null
    is_under_way "$former" || remove "${each%.*}" "$each"
  done
}

# False with `said` when that cannot be done.
remove() {
  rm -rf "$@" 2>/dev/null && return 0
  # Folders within that may not be written.
  for each_removed; do
    [ -L "$each_removed" ] || [ ! -d "$each_removed" ] || chmod -R u+rwX "$each_removed"
  done 2>/dev/null
  said=$(rm -rf "$@" 2>&1)
}
