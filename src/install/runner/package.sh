# How does a package get on the machine that came with us? Looked at before anything is changed; the machine's own tool installs it.
version_here() {
  case $1 in
    deb) dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$2" 2>/dev/null | sed -n 's/^installed //p' ;;
    rpm) rpm -q --qf '%{VERSION}-%{RELEASE}\n' "$2" 2>/dev/null | grep -v ' ' | tail -n 1 ;;
  esac
}
# format, a, b: whether a is older than b
is_older() {
  case $1 in
    deb) dpkg --compare-versions "$2" lt "$3" ;;
    rpm) [ "$(rpm --eval "%{lua: print(rpm.vercmp('$2', '$3'))}")" = -1 ] ;;
  esac
}
# file: `name version architecture`
described() {
  case $format in
    deb) printf '%s %s %s\n' "$(dpkg-deb -f "$1" Package)" "$(dpkg-deb -f "$1" Version)" "$(dpkg-deb -f "$1" Architecture)" ;;
    rpm) rpm -qp --nosignature --qf '%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\n' "$1" ;;
  esac 2>/dev/null
}
own_architecture() { case $format in deb) dpkg --print-architecture ;; rpm) rpm --eval '%{_arch}' ;; esac }

op_package() {
  open_manifest
  [ "$has_manifest" = yes ] || fail not_installed "there is no $manifest; prepare the machine first"
  begin_step upload
  case $format in deb) tool=dpkg ;; rpm) tool=rpm ;; *) bad format ;; esac
  has "$tool" || fail wrong_format "this machine has no $tool, so it does not take a .$format"
  before=$(version_here "$format" "$name")
  if [ "$before" = "$version" ]; then
    end_step "$name $version is installed already"
    begin_step package
    append_trust
    end_step
    fact outcome unchanged
    return 0
  fi
  # packages may be larger than a /run in memory
  store=/var/tmp/${staging##*/}
  rm -rf "$store"
  (umask 077 && mkdir "$store") || fail disk_full "$store cannot be made"
  say "fact ready yes"
  file=$store/package.$format
  cat >"$file" 2>/dev/null || fail disk_full "/var/tmp cannot hold the package of $size bytes"
  [ $(($(wc -c <"$file"))) -eq "$size" ] || fail connection_lost "only $(($(wc -c <"$file"))) of $size bytes came"
  [ "$(digest_of "$file")" = "$digest" ] || fail wrong_digest "what came has SHA-256 $(digest_of "$file"), expected $digest"
  found=$(described "$file")
  its_architecture=${found##* }
  [ "${found% *}" = "$name $version" ] || fail wrong_package "the file holds ${found:-no .$format}, expected $name $version"
  case $its_architecture in
    all | noarch | "$(own_architecture)") ;;
    *) fail wrong_architecture "the package is for $its_architecture, and this machine is $(own_architecture)" ;;
  esac
  touched=yes
  end_step
  begin_step package
  outcome=installed
  if [ -n "$before" ]; then
    if is_older "$format" "$version" "$before"; then outcome=downgraded; else outcome=upgraded; fi
    [ "$outcome" = upgraded ] || [ "$downgrade" = yes ] ||
      fail newer_installed "$name $before is installed, which is newer than $version"
  else
    note package "$name" "$format,$version"
  fi
  case $format in deb) install_deb "$file" ;; rpm) install_rpm "$file" ;; esac >"$store/said" 2>&1 || {
    fail package_failed "$name $version could not be installed: $(tail -c 600 "$store/said")"
  }
  [ "$(version_here "$format" "$name")" = "$version" ] || fail package_failed "$name is not there in version $version, although its installation said so"
  if claimed package "$name"; then note package "$name" "$format,$version"; fi
  rm -rf "$store"
  touch_it
  append_trust
  end_step "$outcome $name $version${before:+ over $before}"
  fact outcome "$outcome"
  [ -z "$before" ] || fact from "$before"
}
# What a failure takes back: a package that was not there before.
drop_package() {
  if [ -z "$name" ] || [ "${outcome-}" != installed ]; then return 0; fi
  remove_entry package "$name" "$format,$version"
}
# apt-get, where it is, can also fetch what the package depends on.
install_deb() {
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  if has apt-get; then
    apt-get -y -q --no-install-recommends --allow-downgrades -o Dpkg::Options::=--force-confold install "$1" </dev/null
  else
    dpkg --force-confold -i "$1" </dev/null
  fi
}
# rpm alone, when it has all that the package needs; else what can fetch the rest.
install_rpm() {
  older=''
  [ "$outcome" != downgraded ] || older=--oldpackage
  if rpm -U --test $older "$1" </dev/null; then
    rpm -U $older "$1" </dev/null
  elif has dnf; then
    dnf -y install "$1" </dev/null
  elif has yum; then
    yum -y install "$1" </dev/null
  elif has zypper; then
    zypper --non-interactive install --allow-unsigned-rpm "$1" </dev/null
  else
    return 1
  fi
}
# name, marks: `format,version`
remove_package() {
  its_format=${2%%,*}
  [ -n "$(version_here "$its_format" "$1")" ] || case $its_format in
    deb) dpkg-query -W "$1" >/dev/null 2>&1 || return 0 ;;
    *) return 0 ;;
  esac
  case $its_format in
    deb) said=$(DEBIAN_FRONTEND=noninteractive dpkg --purge "$1" 2>&1 </dev/null) ;;
    rpm) said=$(rpm -e "$1" 2>&1 </dev/null) ;;
    *)
      said='its format is not known'
      false
      ;;
  esac || stays "the package $1 could not be removed: $said"
}
# The package's own list gets the certificates of the installation, between two lines by which they are found again.
append_trust() {
  [ -n "$bundle" ] || return 0
  { [ -f "$bundle" ] && [ ! -L "$bundle" ]; } || fail no_bundle "$bundle is no file, so certificates cannot be added to it"
  make_staging
  awk '$1 == "file" && $3 ~ /\/baton-[^\/]*\.crt$/ { print $3 }' "$manifest" >"$staging/ours"
  {
    without_block "$bundle"
    if [ -s "$staging/ours" ]; then
      printf '# baton begin %s\n' "$user"
      while IFS= read -r path; do cat "$path"; done <"$staging/ours"
      printf '# baton end %s\n' "$user"
    fi
  } >"$staging/bundle" || fail disk_full "$staging cannot be written"
  [ "$(digest_of "$staging/bundle")" != "$(digest_of "$bundle")" ] || return 0
  note appended "$bundle"
  replace_bundle "$bundle" || fail disk_full "$bundle cannot be written; is the disk full?"
  touch_it
}
without_block() { awk -v own="$user" '$0 == "# baton begin " own { skip = 1 } !skip { print } $0 == "# baton end " own { skip = 0 }' "$1"; }
replace_bundle() { cp -p "$1" "$1.baton-new" && cat "$staging/bundle" >"$1.baton-new" && mv -f "$1.baton-new" "$1"; }
cut_block() {
  rm -f "$1.baton-new"
  [ -f "$1" ] && [ ! -L "$1" ] || return 0
  make_staging
  { without_block "$1" >"$staging/bundle" && replace_bundle "$1"; } || stays "the certificates of $user stay in $1: it could not be written"
}
