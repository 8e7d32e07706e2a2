# The exact commit of a job, brought into its workspace by the runner's own git. Stands before the steps of a job; everything variable
# is in the environment: BATON_GIT_URL, BATON_SHA; of a merge BATON_GIT_TARGET, BATON_GIT_TARGET_SHA, BATON_GIT_BRANCH,
# BATON_GIT_BRANCH_SHA, and how its commit is made: BATON_GIT_NAME, BATON_GIT_EMAIL, BATON_GIT_MESSAGE, BATON_GIT_FALLBACK.
# GIT_SSH_KEY, a secret of the project, is used when it is there. Ends with 75 (sysexits.h, EX_TEMPFAIL) when the commit cannot be had.
baton_refuse() {
  printf 'baton: %s\n' "$1" >&2
  exit 75
}

# Settings of a repository, and its hooks, must not run anything.
baton_git() {
  git -c core.hooksPath=/dev/null -c protocol.allow=never -c protocol.https.allow=always \
    -c protocol.ssh.allow=always -c protocol.file.allow=always "$@"
}
baton_has() { baton_git cat-file -e "$1^{commit}" 2>/dev/null; }

# Commits by name where the repository gives them so, else by the branches that held them.
baton_fetch() {
  baton_git fetch --quiet --no-tags --no-write-fetch-head --no-recurse-submodules --end-of-options "$BATON_GIT_URL" "$@"
}
baton_commits() {
  if baton_fetch "$BATON_SHA:refs/baton/sha" 2>/dev/null; then
    return 0
  fi
  if [ -z "${BATON_GIT_TARGET_SHA-}" ]; then
    [ -z "${BATON_GIT_BRANCH-}" ] || baton_fetch "+refs/heads/$BATON_GIT_BRANCH:refs/baton/branch"
    return
  fi
  baton_fetch "$BATON_GIT_TARGET_SHA:refs/baton/target" "$BATON_GIT_BRANCH_SHA:refs/baton/branch" 2>/dev/null ||
    baton_fetch "+refs/heads/$BATON_GIT_TARGET:refs/baton/target" "+refs/heads/$BATON_GIT_BRANCH:refs/baton/branch"
}

# A merge that has not landed exists nowhere yet. The same two commits give the same merge, so it is made here once more.
baton_merge() {
  { baton_has "$BATON_GIT_TARGET_SHA" && baton_has "$BATON_GIT_BRANCH_SHA"; } ||
    baton_refuse "The commits that were merged are no longer in $BATON_GIT_URL; submit the branch again."
  tree=$(baton_git merge-tree --write-tree --no-messages --end-of-options "$BATON_GIT_TARGET_SHA" "$BATON_GIT_BRANCH_SHA") ||
    baton_refuse 'Git 2.38 or newer was expected on this runner, to make the merge again without a work tree.'
  when=$(baton_git log -1 --no-show-signature --format=%ct --end-of-options "$BATON_GIT_BRANCH_SHA")
  case $when in
    [1-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9] | [1-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]) ;;
    *) when=$BATON_GIT_FALLBACK ;;
  esac
  made=$(
    GIT_AUTHOR_NAME=$BATON_GIT_NAME GIT_AUTHOR_EMAIL=$BATON_GIT_EMAIL GIT_AUTHOR_DATE="@$when +0000" \
      GIT_COMMITTER_NAME=$BATON_GIT_NAME GIT_COMMITTER_EMAIL=$BATON_GIT_EMAIL GIT_COMMITTER_DATE="@$when +0000" \
      git commit-tree -p "$BATON_GIT_TARGET_SHA" -p "$BATON_GIT_BRANCH_SHA" -m "$BATON_GIT_MESSAGE" "$tree"
  )
  [ "$made" = "$BATON_SHA" ] ||
    baton_refuse "The merge made on this runner is $made, not $BATON_SHA; its git merges otherwise than the server's."
}

(
  command -v git >/dev/null || baton_refuse 'Git was expected on this runner, since jobs get their source by it; there is none.'
  git init --quiet . || baton_refuse 'The workspace cannot be made a git repository.'
  if [ -n "${GIT_SSH_KEY-}" ]; then
    (umask 077 && printf '%s\n' "$GIT_SSH_KEY" >.git/baton-key) || baton_refuse 'The key for git cannot be written.'
    GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh} -i .git/baton-key -o IdentitiesOnly=yes -o BatchMode=yes"
    export GIT_SSH_COMMAND
  fi
  GIT_TERMINAL_PROMPT=0
  export GIT_TERMINAL_PROMPT
  baton_commits || baton_refuse "The commit cannot be fetched from $BATON_GIT_URL."
  rm -f .git/baton-key
  baton_has "$BATON_SHA" || [ -z "${BATON_GIT_TARGET_SHA-}" ] || baton_merge
  baton_has "$BATON_SHA" ||
    baton_refuse "Commit $BATON_SHA is not in $BATON_GIT_URL; push it, or name the branch that holds it."
  baton_git checkout --quiet --detach "$BATON_SHA" || baton_refuse "Commit $BATON_SHA cannot be checked out."
) || {
  baton_ended=$?
  rm -f .git/baton-key
  exit "$baton_ended"
}
unset GIT_SSH_KEY
unset -f baton_refuse baton_git baton_has baton_fetch baton_commits baton_merge
