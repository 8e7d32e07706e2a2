# What is said to Baton, and what may a value that came as data look like? Lines `step <word> <status> [detail]`, `fact <name> <value>`,
# `left <sentence>`, `error <reason> <sentence>`, and `end` behind everything.
LC_ALL=C
export LC_ALL
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset ENV BASH_ENV CDPATH
umask 022
home_of() { printf '/home/%s' "$1"; }
etc=/etc/baton
changed=no
touched=no
now=privileges

one_line() { printf %s "$*" | tr '\000-\037\177' ' ' | cut -c 1-400; }
say() { printf '%s\n' "$*"; }
fact() { say "fact $1 $(one_line "$2")"; }
left() { say "left $(one_line "$*")"; }
begin_step() {
  now=$1
  touched=no
  say "step $1 begun"
}
end_step() {
  if [ "$touched" = yes ]; then say "step $now done $(one_line "${1-}")"; else say "step $now unchanged $(one_line "${1-}")"; fi
}
# Whether anything was asked for; what is none and was none is no step.
end_step_if() {
  if [ "$1" = no ] && [ "$touched" = no ]; then say "step $now skipped"; else end_step; fi
}
touch_it() {
  touched=yes
  changed=yes
}
finish() {
  release
  say end
  exit 0
}
# reason, sentence. What this run made is taken back first: the reason is told at last, with what could not be.
fail() {
  say "step $now failed $(one_line "$2")"
  what=$undoes
  undoes=no
  case $what in prepare) take_back ;; package) drop_package ;; esac
  say "error $1 $(one_line "$2")"
  finish
}
undoes=no

is_hex() { case $1 in '' | *[!0-9a-f]*) return 1 ;; esac; }
is_count() { case $1 in '' | *[!0-9]* | ?????????????*) return 1 ;; esac; }
# Short enough to stay a name of an account with `-` and a number behind it (32 characters, useradd(8)).
is_user() {
  case $1 in '' | [!a-z_]* | *[!a-z0-9_-]*) return 1 ;; esac
  [ ${#1} -le 28 ]
}
is_plain() {
  case $1 in '' | [!a-z0-9]* | *[!a-z0-9._-]*) return 1 ;; esac
  [ ${#1} -le 64 ]
}
is_path() {
  case $1 in /*) ;; *) return 1 ;; esac
  case $1 in / | */ | *//* | */./* | */../* | */. | */.. | *[!A-Za-z0-9._/+-]*) return 1 ;; esac
}
# An installation and the name of a runner there.
is_owner() { is_word "${1%% *}" && is_word "${1#* }"; }
is_word() {
  case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) return 1 ;; esac
  [ ${#1} -le 100 ]
}
# Of a package: names and versions of deb and rpm.
is_package_word() { case $1 in '' | -* | *[!A-Za-z0-9.+:~^_-]*) return 1 ;; esac; }
is_key() { case $1 in ssh-* | ecdsa-* | sk-*) case $1 in *[!A-Za-z0-9+/=@.\ -]*) return 1 ;; esac ;; *) return 1 ;; esac; }
has() { command -v "$1" >/dev/null 2>&1; }
