# SPDX-License-Identifier: GPL-2.0-only
"""Which of two commits of a branch is the newer one, and is it to be built? Buildbot's database knows."""

import re

import sqlalchemy as sa

from twisted.internet import defer

from buildbot.process.buildrequest import BuildRequest
from buildbot.process.results import CANCELLED
from buildbot.process.results import SKIPPED

# Gerrit has a branch for each patch set of a change: refs/changes/34/1234/5
PATCH_SET = re.compile(r'(refs/changes/\d+/\d+/)\d+\Z')


def _same_branch(column, branch):
    patch_set = PATCH_SET.match(branch) if branch is not None else None
    if patch_set is not None:
        return column.like(f'{patch_set.group(1)}%')
    return column.is_(None) if branch is None else column == branch


@defer.inlineCallbacks
def newer_commit(master, builder_id, request_id, stamp):
    """The revision and the number of the newest change that takes the place of the one of `stamp`, or None.

    Changes have their numbers in the order in which they came; build requests may be made in another when many come
    at once. So the numbers of changes decide, but for a commit that was built before and is asked for once more: that
    request is obsolete by later ones only. Builds that come of no change, and those of a patch, are no newer commit
    of the branch, and have none. A request that ended as collapsed or cancelled takes nobody's place.

    Buildbot has one source stamp for all changes with the same revision: when a branch is set back to a commit, the
    request of long ago belongs to the new change as well, and that one may never be asked for. So a request that was
    made before ours counts only where the commit has no older change, and where it had not ended when ours was made.
    """
    if stamp.patch is not None:
        return None
    model = master.db.model
    requests = model.buildrequests
    pairs = model.buildset_sourcestamps
    stamps = model.sourcestamps
    changes = model.changes

    def look(connection):
        mine = connection.execute(
            changes.select().where(changes.c.sourcestampid == stamp.ssid)
            .order_by(changes.c.changeid.desc()).limit(1)).fetchone()
        if mine is None:
            return None
        made = connection.execute(requests.select().where(requests.c.id == request_id)).fetchone().submitted_at
        earlier = connection.execute(
            requests.join(pairs, requests.c.buildsetid == pairs.c.buildsetid).select()
            .where(requests.c.builderid == builder_id)
            .where(requests.c.id < request_id)
            .where(pairs.c.sourcestampid == stamp.ssid).limit(1)).fetchone()
        before = changes.alias()
        is_asked_later = requests.c.id > request_id
        is_as_new = sa.and_(
            sa.or_(requests.c.complete == 0, requests.c.complete_at >= made),
            ~sa.exists([before.c.changeid])
            .where(before.c.sourcestampid == stamps.c.id)
            .where(before.c.changeid < mine.changeid))
        query = (
            changes.join(stamps, changes.c.sourcestampid == stamps.c.id)
            .join(pairs, pairs.c.sourcestampid == stamps.c.id)
            .join(requests, requests.c.buildsetid == pairs.c.buildsetid).select()
            .where(requests.c.builderid == builder_id)
            .where(changes.c.changeid > mine.changeid)
            .where(stamps.c.id != stamp.ssid)
            .where(stamps.c.patchid.is_(None))
            .where(stamps.c.codebase == stamp.codebase)
            .where(stamps.c.project == stamp.project)
            .where(stamps.c.repository == stamp.repository)
            .where(_same_branch(stamps.c.branch, stamp.branch))
            .where(sa.or_(requests.c.complete == 0, requests.c.results.notin_([SKIPPED, CANCELLED])))
            .where(is_asked_later if earlier is not None else sa.or_(is_asked_later, is_as_new))
            .with_only_columns([changes.c.changeid, changes.c.revision])
            .order_by(changes.c.changeid.desc()).limit(1))
        found = connection.execute(query).fetchone()
        return None if found is None else (found.revision, found.changeid)

    return (yield master.db.pool.do(look))


@defer.inlineCallbacks
def _numbers(master, request):
    """Codebase → number of the newest change that the request comes of."""
    buildset = yield master.data.get(('buildsets', request['buildsetid']))
    numbers = {}
    for stamp in buildset['sourcestamps']:
        changes = yield master.data.get(('sourcestamps', stamp['ssid'], 'changes'))
        numbers[stamp['codebase']] = max((change['changeid'] for change in changes), default=0)
    return numbers


@defer.inlineCallbacks
def collapse_older(master, builder, new, old):
    """For collapseRequests: as Buildbot does by itself, but never a newer commit for the sake of an older one.

    Of changes that come at once Buildbot may make the requests in another order.
    """
    if not (yield BuildRequest.canBeCollapsed(master, new, old)):
        return False
    of_new = yield _numbers(master, new)
    of_old = yield _numbers(master, old)
    return all(of_new[codebase] >= number for codebase, number in of_old.items())
