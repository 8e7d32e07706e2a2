# From a machine to a runner, step by step. Each may be repeated; what is as it should be stays untouched.
op_prepare() {
  open_manifest
  begin_step accounts
  refuse_other_owner
  undoes=prepare
  first_manifest=''
  [ "$has_manifest" = no ] || first_manifest=$(digest_of "$manifest")
  refuse_foreign
  if [ -f "$etc/.$user.undo/run" ]; then
    IFS= read -r made_by <"$etc/.$user.undo/run" || made_by=''
    [ "$made_by" = "$run" ] || rm -rf "$etc/.$user.undo"
  fi
  head_manifest
  for who in $(wanted_accounts); do make_account "$who"; done
  drop_accounts
  end_step "$(wanted_accounts | tr '\n' ' ')"
  begin_step keys
  make_keys
  end_step
  begin_step base
  make_bases
  end_step "$base"
  begin_step sudoers
  make_sudoers
  asked=yes
  [ "$sudo" != none ] || asked=no
  end_step_if "$asked"
  begin_step certificates
  make_trust
  end_step_if "${certs:-no}"
  begin_step fips
  make_fips
  end_step_if "$fips"
  begin_step selinux
  asked=no
  if has restorecon && has selinuxenabled && selinuxenabled; then
    asked=yes
    for who in $(wanted_accounts); do
      said=$(restorecon -R "$(home_of "$who")" "$(base_of "$who")" 2>&1) || fail selinux_failed "restorecon failed: $said"
    done
  fi
  end_step_if "$asked"
  begin_step manifest
  tell_manifest
  # only told: what was written there is what the steps before changed
  case $first_manifest in
    '') say "step manifest done made" ;;
    "$(digest_of "$manifest")") end_step ;;
    *) say "step manifest done changed" ;;
  esac
  fact changed "$changed"
}
tell_manifest() { while IFS= read -r line; do fact manifest "$line"; done <"$manifest"; }
