# What have we made here? `/etc/baton/<user>.manifest`: each thing is written down before it is made, so that whatever happens
# between the two, a later run finds it and an uninstall removes it. Read by src/install/manifest.ts as well.
manifest='' has_manifest=no

open_manifest() {
  manifest=$etc/$user.manifest
  rm -f "$manifest.new" 2>/dev/null
  if [ -L "$manifest" ]; then fail manifest_unknown "$manifest is a symbolic link"; fi
  if [ ! -e "$manifest" ]; then return 0; fi
  has_manifest=yes
  IFS= read -r first <"$manifest" || first=''
  { [ "$first" = 'baton-manifest 1' ] && [ "$(tail -n 1 "$manifest")" = end ]; } ||
    fail manifest_unknown "$manifest is not one that this Baton can read; it begins with: $first"
}
# Its first lines, as this order has them; the rest stays.
head_manifest() {
  heads="runner $user
base $base
slots $slots
isolate $isolate${owner:+
owner $owner}"
  if [ "$has_manifest" = no ]; then
    ours=no
    if [ ! -d "$etc" ]; then
      # what cannot be written down before it is there
      mkdir -m 755 "$etc" 2>/dev/null || fail disk_full "$etc cannot be made; is the disk full?"
      ours=yes
    elif [ -z "$(ls -A "$etc")" ] || is_ours_elsewhere "$etc"; then
      ours=yes
    fi
    check_way "$etc"
    first=''
    [ "$ours" = no ] || first="shared $run $etc
"
    { printf 'baton-manifest 1\n%s\n%send\n' "$heads" "$first" >"$manifest.new" && replace_manifest; } 2>/dev/null || no_room
    has_manifest=yes
  fi
  old_heads=$(heads_of_manifest)
  [ "$old_heads" = "$heads" ] && return 0
  make_kept
  printf '%s\n' "$old_heads" >"$kept/heads" || no_room
  write_heads "$heads" || no_room
  touch_it
}
heads_of_manifest() { awk '$1 ~ /^(runner|base|slots|isolate|owner)$/' "$manifest"; }
write_heads() {
  {
    printf 'baton-manifest 1\n%s\n' "$1" &&
      awk 'NR > 1 && $1 !~ /^(runner|base|slots|isolate|owner)$/' "$manifest"
  } >"$manifest.new" 2>/dev/null && replace_manifest
}
# Of a manifest that tells no owner, whose it is is not known.
refuse_other_owner() {
  [ "$has_manifest" = yes ] && [ -n "$owner" ] || return 0
  its_owner=$(sed -n 's/^owner //p' "$manifest")
  [ -z "$its_owner" ] || [ "$its_owner" = "$owner" ] ||
    fail other_owner "the account $user was installed for the runner ${its_owner#* } of the Baton ${its_owner% *}"
}
no_room() { fail disk_full "$manifest cannot be written; is the disk full?"; }
replace_manifest() {
  [ "$(tail -n 1 "$manifest.new" 2>/dev/null)" = end ] && chmod 644 "$manifest.new" && mv -f "$manifest.new" "$manifest"
}
# kind, name, marks. Who made it first stays recorded.
note() {
  { awk -v kind="$1" -v name="$2" -v marks="${3-}" -v run="$run" '
    function told(by) { print kind " " by " " name (marks == "" ? "" : " " marks) }
    $1 == kind && $3 == name { if (!seen) told($2); seen = 1; next }
    $0 == "end" { if (!seen) told(run); print; exit }
    { print }' "$manifest" >"$manifest.new" && replace_manifest; } 2>/dev/null || no_room
}
# kind, name
claimed() { [ "$has_manifest" = yes ] && awk -v kind="$1" -v name="$2" '$1 == kind && $3 == name { found = 1 } END { exit !found }' "$manifest"; }
marks_of() { awk -v kind="$1" -v name="$2" '$1 == kind && $3 == name { print $4 }' "$manifest"; }
maker_of() { awk -v kind="$1" -v name="$2" '$1 == kind && $3 == name { print $2 }' "$manifest"; }
# Of a manifest that cannot be rewritten for want of room, a line too many stays: what it names is not there any more.
forget() {
  { awk -v kind="$1" -v name="$2" '!($1 == kind && $3 == name)' "$manifest" >"$manifest.new" && replace_manifest; } 2>/dev/null ||
    rm -f "$manifest.new"
}
# The youngest first. With a run: only what that one made.
entries_of() { awk -v run="${1-}" '
    $1 ~ /^(shared|dir|tree|group|account|file|appended|package)$/ && (run == "" || $2 == run) { line[++n] = $1 " " $3 " " ($4 == "" ? "-" : $4) }
    END { for (i = n; i > 0; i--) print line[i] }' "$manifest"; }
