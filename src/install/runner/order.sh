# What is to be done, and with what? Lines `<word> <value>` up to `go`; certificates as `cert <name> <lines>` and so many lines.
# Each value is checked here as well, whoever sent it.
operation=''
run='' user='' base='' slots=1 isolate=no owner='' key='' sudo=none trust='' ends=no
commands='' certs='' fips=no
format='' name='' version='' digest='' size='' bundle='' downgrade=no

bad() { fail protocol "the machine was given something that is no $1"; }

read_order() {
  while IFS= read -r line; do
    word=${line%% *}
    value=${line#* }
    case $word in
      go) return 0 ;;
      operation) operation=$value ;;
      run) if is_hex "$value"; then run=$value; else bad run; fi ;;
      user) if is_user "$value"; then user=$value; else bad user; fi ;;
      base) if is_path "$value"; then base=$value; else bad base; fi ;;
      slots) if is_count "$value"; then slots=$value; else bad slots; fi ;;
      isolate) isolate=$value ;;
      owner) if is_owner "$value"; then owner=$value; else bad owner; fi ;;
      key) if is_key "$value"; then key=$value; else bad key; fi ;;
      sudo) sudo=$value ;;
      trust) trust=$value ;;
      ends) ends=$value ;;
      command) if is_path "$value"; then commands="$commands $value"; else bad command; fi ;;
      cert)
        is_plain "${value% *}" || bad 'name of a certificate'
        certs="$certs ${value% *}"
        take_lines "${value#* }" "cert.${value% *}"
        ;;
      fips)
        fips=yes
        take_lines "$value" fips
        ;;
      format) format=$value ;;
      name) if is_package_word "$value"; then name=$value; else bad package; fi ;;
      version) if is_package_word "$value"; then version=$value; else bad version; fi ;;
      digest) if is_hex "$value"; then digest=$value; else bad digest; fi ;;
      size) if is_count "$value"; then size=$value; else bad size; fi ;;
      bundle) if is_path "$value"; then bundle=$value; else bad bundle; fi ;;
      downgrade) downgrade=$value ;;
      *) bad order ;;
    esac
  done
  # Cut short: nothing was begun.
  exit 92
}
# count, file
take_lines() {
  is_count "$1" || bad count
  make_staging
  lines=$1
  : >"$staging/$2" || fail disk_full "$staging cannot be written"
  while [ "$lines" -gt 0 ]; do
    IFS= read -r line || exit 92
    printf '%s\n' "$line" >>"$staging/$2" || fail disk_full "$staging cannot be written"
    lines=$((lines - 1))
  done
}
