# Is this machine fit to run jobs, and what is it? Lines `a <attribute> <value>`, `f <check> ok|bad <found>`, `b <baseId> <bootId>`,
# `m <measure> <number>`, `l <attempt>`, `p <manager> <what it says of a package>`.

# epoch, names of packages
op_probe() {
  [ $# -ge 1 ] && is_count "$1" || refuse protocol 'not a count'
  epoch=$1
  shift
  for each; do is_package "$each" || refuse protocol 'not the name of a package'; done
  raise_fence "$epoch"
  say "b $base_id $boot"
  say "a os $(uname -s)"
  say "a kernel $(uname -r)"
  say "a architecture $(uname -m)"
  say "a hostname $(uname -n)"
  release=${BATON_OS_RELEASE:-/etc/os-release}
  [ -r $release ] || release=/usr/lib/os-release
  if [ -r $release ]; then
    while IFS='=' read -r name value; do
      value=${value#[\"\']}
      value=${value%[\"\']}
      case $name in ID | ID_LIKE | VERSION_ID) say "a $name $value" ;; esac
    done <$release
  elif command -v sw_vers >/dev/null; then
    say "a VERSION_ID $(sw_vers -productVersion)"
  fi
  [ $# -eq 0 ] || packages "$@"
  finding shell ok "$interpreter"
  if [ -r /proc/self/stat ] && [ -r /proc/uptime ]; then finding proc ok /proc; else finding proc bad 'no /proc'; fi
  if command -v setsid >/dev/null; then finding setsid ok "$(command -v setsid)"; else finding setsid bad 'not found'; fi
  missing=
  for tool in awk cat chmod dd env grep head ls mkdir mkfifo mv rm sleep tail tar tee tr uname wc; do
    command -v $tool >/dev/null || missing="$missing $tool"
  done
  if [ -z "$missing" ]; then finding tools ok all; else finding tools bad "missing:$missing"; fi
  if { printf '%s\n' "$nonce" >"in/$nonce"; } 2>/dev/null && [ -s "in/$nonce" ]; then
    finding base_writable ok "$PWD"
  else
    finding base_writable bad "$PWD"
  fi
  rm -f "in/$nonce"
  if said=$(rehearse 2>&1); then
    finding can_start ok rehearsed
  else
    finding can_start bad "$(printf %s "$said" | tr '\n' ' ')"
  fi
  rm -rf "in/$nonce.ws"
  start_of $$
  make_group
  if [ -n "$group" ]; then
    finding containment ok groups
    rmdir "$group"
  else
    finding containment ok nets
  fi
  if command -v sudo >/dev/null; then finding sudo ok installed; else finding sudo ok absent; fi
  if { read -r load _ </proc/loadavg; } 2>/dev/null; then say "m load $load"; fi
  sweep_slots
  find in bin -type f -name '*[0-9a-f]' -mtime +1 -exec rm -f {} + 2>/dev/null
  free disk_free Pk 102400 KiB
  free inodes_free Pi 1000 inodes
  sweep_workspaces
  left_behind
  # At last, so that the way to us is all the time that passes.
  say "m epoch $(date +%s)"
  end_answer
}
is_package() {
  case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._+-]*) return 1 ;; esac
  [ ${#1} -le 100 ]
}
# Each manager that is here is asked once for all of them, and says nothing of those that it does not know.
packages() {
  if command -v dpkg-query >/dev/null; then
    say 'p deb'
    dpkg-query -W -f 'p deb ${db:Status-Status} ${Package} ${Version}\n' "$@" </dev/null 2>/dev/null
  fi
  if command -v rpm >/dev/null; then
    say 'p rpm'
    rpm -q --qf 'p rpm installed %{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n' "$@" </dev/null 2>/dev/null
  fi
  # Not on the path of every account.
  for apk in apk /sbin/apk; do
    command -v $apk >/dev/null || continue
    say 'p apk'
    for each in $($apk info -e -v "$@" </dev/null 2>/dev/null); do say "p apk installed $each"; done
    break
  done
}
# What a start does, with nothing in it: a workspace, a pipe, a source packed and unpacked, a script run in a session of its own.
rehearse() (
  ws=in/$nonce.ws
  mkdir "$ws" "$ws/from" "$ws/to" && mkfifo "$ws/out" && printf 'exit 0\n' >"$ws/from/script" &&
    tar -cf "$ws/tar" -C "$ws/from" script && tar -xof "$ws/tar" -C "$ws/to" && cd "$ws/to" &&
    setsid /bin/sh ./script </dev/null
)
# Attempts that ended more than a day ago and were not tidied up, some of them: whoever should have done so may be gone.
left_behind() {
  find . ! -name . -prune -name '*.go' -mtime +0 2>/dev/null | while IFS= read -r each; do
    id=${each#./}
    id=${id%.go}
    is_attempt "$id" || continue
    J=$PWD/$id
    set_phase
    case $phase in done | lost | revoked) say "l $id" ;; esac
  done | head -n 32
}
finding() { say "f $1 $2 $3"; }
# check, option of df, least, unit
free() {
  amount=$(df "-$2" . 2>/dev/null | awk 'NR == 2 { print $4 }')
  # Some file systems count no inodes.
  is_count "$amount" || return 0
  if [ "$amount" -ge "$3" ] || { [ "$1" = inodes_free ] && [ "$amount" -eq 0 ]; }; then
    finding "$1" ok "$amount $4"
  else
    finding "$1" bad "$amount $4"
  fi
}
raise_fence() {
  [ "$1" -gt 0 ] || return 0
  mkdir -p "fence/$1" || refuse disk_full 'cannot raise the fence'
  for mark in fence/*; do
    mark=${mark##*/}
    is_count "$mark" && [ "$mark" -lt "$1" ] && rmdir "fence/$mark" 2>/dev/null
  done
}
