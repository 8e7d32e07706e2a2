#!/bin/sh
# Starts something that runs elsewhere, e.g. a push job on the nodes of an environment, waits for its end, and ends it when the job that
# runs this is cancelled. The commands are yours, each a line for sh:
#   START   prints the id of what it started
#   STATUS  is given that id as $1 and prints running, or how it ended: succeeded, or anything else
#   END     is given that id as $1 and ends it
# EVERY: seconds between two looks, 5 when it is not set; LIMIT: seconds in all, 1800 when it is not set.
set -u
EVERY=${EVERY:-5}
left=${LIMIT:-1800}

id=
give_up() {
  # once: Baton sends TERM to every process of the job, and KILL ten seconds later
  trap '' TERM
  [ -z "$id" ] || sh -c "$END" push-job "$id"
  exit "$1"
}
trap 'give_up 143' TERM

id=$(sh -c "$START") || exit 1
echo "started $id"
while [ "$left" -gt 0 ]; do
  state=$(sh -c "$STATUS" push-job "$id")
  case $state in
    succeeded) exit 0 ;;
    running) ;;
    *)
      echo "$id: ${state:-its state could not be had}"
      exit 1
      ;;
  esac
  # in the background, so that TERM is not waited for
  sleep "$EVERY" &
  wait $!
  left=$((left - EVERY))
done
echo "$id took longer than ${LIMIT:-1800} s"
give_up 1
