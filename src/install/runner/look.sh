# What is this machine? Changes nothing. On a system that is not Linux, too, so that it can be refused by its name.
op_look() {
  fact os "$(uname -s)"
  fact kernel "$(uname -r)"
  fact architecture "$(uname -m)"
  fact hostname "$(uname -n)"
  release=/etc/os-release
  [ -r $release ] || release=/usr/lib/os-release
  if [ -r $release ]; then
    while IFS='=' read -r word value; do
      value=${value#[\"\']}
      value=${value%[\"\']}
      case $word in ID | ID_LIKE | VERSION_ID) fact "$word" "$value" ;; esac
    done <$release
  elif has sw_vers; then
    fact VERSION_ID "$(sw_vers -productVersion)"
  elif [ -r /etc/redhat-release ]; then
    # CentOS and RHEL 6 have no os-release
    fact redhat_release "$(head -n 1 /etc/redhat-release)"
  fi
  if [ -r /proc/1/comm ]; then fact init "$(cat /proc/1/comm)"; fi
  missing=''
  for tool in awk cat chmod dd env grep head ls mkdir mkfifo mv rm sleep tail tar tee tr uname wc setsid sha256sum stat readlink cut ln; do
    has $tool || missing="$missing $tool"
  done
  has useradd || has adduser || missing="$missing useradd"
  [ -r /proc/self/stat ] || missing="$missing /proc"
  fact missing "${missing# }"
  for path in "$base" "$(home_of "$user")" $etc /var/tmp; do
    way=$path
    while [ ! -d "$way" ] && [ -n "$way" ]; do way=${way%/*}; done
    fact free "$path $(df -Pk "${way:-/}" 2>/dev/null | awk 'NR == 2 { print $4 }')"
  done
  while IFS=: read -r each _; do
    case $each in "$user" | "$user"-[0-9] | "$user"-[0-9][0-9] | "$user"-[0-9][0-9][0-9]) fact account "$each" ;; esac
  done </etc/passwd
  for each in /etc/chef/client.rb /etc/chef/client.pem /etc/chef/trusted_certs /usr/local/bin/delivery-cmd /var/opt/delivery/workspace /etc/delivery /opt/delivery; do
    [ -e "$each" ] && fact legacy "$each"
  done
  if [ -f "/etc/sudoers.d/baton-$user" ]; then
    fact sudo "$(sed -n 's/^.* NOPASSWD: //p' "/etc/sudoers.d/baton-$user" | head -n 1)"
  fi
  if [ -f "$etc/$user.manifest" ] && [ ! -L "$etc/$user.manifest" ]; then
    head -n 2000 "$etc/$user.manifest" | while IFS= read -r line; do fact manifest "$line"; done
  fi
}
