# What does the machine execute first? Read from the channel by `dd`, then run by `eval`: it becomes root, by sudo where it must,
# and says so behind a marker; only then is anything more sent, so that sudo can take nothing but the password from the channel.
# All in one function, so that a text cut short is a syntax error and not half a program.
main() {
  LC_ALL=C
  export LC_ALL
  PATH=$PATH:/usr/sbin:/sbin
  IFS=' ' read -r nonce asks length || exit 90
  case $nonce in '' | *[!0-9a-f]*) exit 91 ;; esac
  case $length in '' | *[!0-9]*) exit 91 ;; esac
  # nonce, how, length of the program
  # shellcheck disable=SC2016 # for the shell that becomes root
  begin='printf "\nBATON %s\n%s\n" "$1" "$2"; eval "$(dd bs=1 count="$3" 2>/dev/null)"'
  if [ "$(id -u)" = 0 ]; then exec /bin/sh -c "$begin" sh "$nonce" root "$length"; fi
  command -v sudo >/dev/null || {
    printf '\nBATON %s\nrefused sudo_missing\n' "$nonce"
    exit 0
  }
  # the password is sent when this prompt has come, so never to a program that sudo starts without asking
  case $asks in
    ask) exec sudo -S -p "BATON $nonce asks" -- /bin/sh -c "$begin" sh "$nonce" sudo "$length" ;;
    never) exec sudo -n -- /bin/sh -c "$begin" sh "$nonce" sudo "$length" ;;
  esac
  exit 91
}
main
