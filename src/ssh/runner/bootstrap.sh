# What does the runner execute first? Read from the channel by `dd`, then run by `eval`: it tells rc-file noise from
# answers by a marker, finds Baton's folder, and hands over to the program that lies there under its own digest.
# All in one function, so that a text cut short is a syntax error and not half a program.
main() {
  LC_ALL=C
  IFS=' ' read -r nonce digest installation kind length || exit 90
  IFS= read -r base || exit 90
  case $nonce in '' | *[!0-9a-f]*) exit 91 ;; esac
  printf '\nBATON %s\n' "$nonce"
  refuse() {
    printf 'error %s %s\nend\n' "$1" "$(printf %s "$2" | tr '\n' ' ')"
    exit 0
  }
  case $digest in '' | *[!0-9a-f]*) refuse protocol 'digest is not a word' ;; esac
  case $length in '' | *[!0-9]*) refuse protocol 'length is not a count' ;; esac
  case $installation in '' | [-.]* | *[!A-Za-z0-9._-]*) refuse protocol 'installation is not a word' ;; esac
  case $base in '' | -* | .. | ../* | */.. | */../*) refuse protocol 'base is not a folder name' ;; esac
  case $kind in
    sh) interpreter=/bin/sh ;;
    dash) interpreter=dash ;;
    bash) interpreter=bash ;;
    busybox) interpreter='busybox sh' ;;
    *) refuse protocol 'no such interpreter' ;;
  esac
  case $base in /*) ;; *) base=$HOME/$base ;; esac
  folder=$base/$installation
  umask=$(umask)
  umask 077
  said=$(LC_ALL=C mkdir -p -- "$folder/bin" "$folder/in" "$folder/cache" "$folder/fence" 2>&1) ||
    case $said in
      *[Nn]o\ space* | *quota*) refuse disk_full "$said" ;;
      *) refuse workspace_not_writable "$said" ;;
    esac
  cd -P -- "$folder" || refuse workspace_not_writable "cannot enter $folder"
  [ -w . ] || refuse workspace_not_writable "no write permission on $folder"
  program=bin/$digest.sh
  if [ "$length" -gt 0 ]; then
    cat >"$program.$nonce" || refuse disk_full "cannot write $folder/$program"
    [ $(($(wc -c <"$program.$nonce"))) -eq "$length" ] || {
      rm -f "$program.$nonce"
      refuse disk_full "cannot write all of $folder/$program"
    }
    mv -f "$program.$nonce" "$program" || refuse workspace_not_writable "cannot rename in $folder/bin"
    printf 'installed\nend\n'
    exit 0
  fi
  [ -f "$program" ] || {
    printf 'need-program\nend\n'
    exit 0
  }
  exec $interpreter "$program" "$kind" operate "$nonce" "$umask"
}
main
