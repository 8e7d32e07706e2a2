# SPDX-License-Identifier: GPL-2.0-only
# Imports Buildbot, which is under the GPL, version 2: so is this folder, see COPYING. Baton itself is not.
"""A Buildbot step that runs its commands on a runner of Baton: it submits, follows and cancels over HTTP."""

import re
from urllib.parse import quote

from twisted.internet import defer
from twisted.internet import reactor
from twisted.python import log as master_log
from twisted.python.failure import Failure

from buildbot import config
from buildbot.interfaces import IRenderable
from buildbot.process.buildstep import BuildStep
from buildbot.process.results import CANCELLED
from buildbot.process.results import EXCEPTION
from buildbot.process.results import FAILURE
from buildbot.process.results import RETRY
from buildbot.process.results import SUCCESS

from baton_api import Again
from baton_api import Api
from baton_api import Refused
from baton_api import Untrusted
from baton_api import token_from
from baton_api import token_in
from baton_api import wrong_url
from job_log import JobLog
from newer_commit import newer_commit

# The seven outcomes. A job that was lost may have run, so nothing is tried again by itself: not RETRY.
RESULTS = {
    'succeeded': SUCCESS,
    'failed': FAILURE,
    'timed_out': FAILURE,
    'cancelled': CANCELLED,
    'lost': EXCEPTION,
    'expired': EXCEPTION,
    'undeliverable': EXCEPTION,
}

HOST = re.compile(r'[a-z][a-z0-9-]{0,31}\Z')
SHA = re.compile(r'(?:[0-9a-f]{40}|[0-9a-f]{64})\Z')

# Seconds that an answer is held: while the job waits, and while it runs, when its output is read in between.
HOLD_WAITING = 25
HOLD_RUNNING = 2
FIRST_PAUSE = 1
LONGEST_PAUSE = 30
PIECE = 1024 * 1024


def one_line(text, most):
    """Without control characters, as Baton takes it."""
    return ''.join(c if c.isprintable() else ' ' for c in str(text))[:most].strip() or 'none'


class LeftAlone(Exception):
    """A stopped build waits no longer for the end of its job."""


class WrongPromotion(Exception):
    """What the build has does not make a promotion; the sentence says what is missing."""


class RunnerPhase(BuildStep):
    """Options: see docs/buildbot.md of Baton."""

    name = 'runner phase'
    haltOnFailure = True
    flunkOnFailure = True
    renderables = ['token', 'enterprise', 'organisation', 'project', 'stage', 'phase', 'pipeline', 'command',
                   'steps', 'filter', 'rows', 'repository', 'more']

    def __init__(self, url, tokenFile=None, project=None, command=None, steps=None, token=None,
                 host='buildbot', caFile=None, publicUrl=None, enterprise='default',
                 organisation='default', stage='verify', phase='unit', pipeline=None, codebase='',
                 source=True, repository=None, filter=None, rows=None, maxTime=None, timeout=None,
                 more=None, results=None, cancelIfSuperseded=False, stopPatience=300, **kwargs):
        if project is None:
            config.error('RunnerPhase: give project')
        if (command is None) == (steps is None):
            config.error('RunnerPhase: give either command or steps')
        if (tokenFile is None) == (token is None):
            config.error('RunnerPhase: give either tokenFile or token')
        if token is not None and not IRenderable.providedBy(token):
            # Buildbot writes the arguments of a step to its log
            config.error("RunnerPhase: token is util.Secret('…'); a token itself has no place here")
        if HOST.match(host) is None:
            config.error('RunnerPhase: host is a name of small letters, digits and dashes')
        is_wrong = wrong_url(url)
        if is_wrong is not None:
            config.error(f'RunnerPhase: url: {is_wrong}')
        if caFile is not None and not url.startswith('https:'):
            config.error('RunnerPhase: caFile is for an address that begins with https')
        super().__init__(**kwargs)
        self.url = url.rstrip('/')
        self.token = token
        self.tokenFile = tokenFile
        self.caFile = caFile
        self.publicUrl = (publicUrl or url).rstrip('/')
        self.host = host
        self.enterprise = enterprise
        self.organisation = organisation
        self.project = project
        self.stage = stage
        self.phase = phase
        self.pipeline = pipeline
        self.command = command
        self.steps = steps
        self.codebase = codebase
        self.source = source
        self.repository = repository
        self.filter = filter
        self.rows = rows
        self.maxTime = maxTime
        self.timeout = timeout
        self.more = more
        self.outcomes = {**RESULTS, **(results or {})}
        self.cancelIfSuperseded = cancelIfSuperseded
        self.stopPatience = stopPatience
        self._api = None
        self._stdio = None
        self._said = 'waiting for Baton'
        self._reason = None
        self._stopped_at = None
        # What is waited for now, and may be cut short by an interrupt; and that the build knows what it is to end as.
        self._pending = None
        self._settled = defer.Deferred()
        self._logs = {}
        self._links = set()
        self._away = None
        self._watching = None
        # Of this phase in Baton: which attempt is followed, and whether it may be there.
        self._attempt = 1
        self._may_be_there = False
        self._is_cancelled = False
        # Of the earlier builds of the same request: how many, and the number of the first build of all.
        self._before = 0
        self._first_number = None

    # ---- what Buildbot calls

    @defer.inlineCallbacks
    def run(self):
        self._stdio = yield self.addLog('stdio')
        try:
            result = yield self._outcome()
        finally:
            yield self._watch_no_more()
        if not self.stopped:
            return result
        # Buildbot makes an exception of any other result of a step that it has stopped
        yield self._settled
        return self._stopped_result()

    @defer.inlineCallbacks
    def _outcome(self):
        try:
            self._api = Api(self.url, self._token, self.caFile)
            yield self._count_before()
            promotion = self._promotion()
            yield self._watch_commits()
            yield self._take_over(promotion)
            if not (yield self._submit(promotion)):
                return CANCELLED
            return (yield self._follow())
        except WrongPromotion as problem:
            return (yield self._give_up(str(problem)))
        except LeftAlone as left:
            return (yield self._leave(str(left)))
        except Refused as refusal:
            after = ' Its job may go on there.' if self._may_be_there else ''
            return (yield self._give_up(f'Baton is not asked any more: {refusal}{after}'))
        except Exception as mistake:
            yield self._try_to_cancel(type(mistake).__name__)
            raise

    @defer.inlineCallbacks
    def interrupt(self, reason):
        # Buildbot calls this twice for one build that is obsolete, and also when the job has ended.
        is_first = not self.stopped
        if is_first:
            said = reason.getErrorMessage() if isinstance(reason, Failure) else reason
            self._reason = one_line(said, 500)
            self._stopped_at = reactor.seconds()
        try:
            yield super().interrupt(reason)
        finally:
            if is_first:
                # by then the build knows what it is to end as
                reactor.callLater(0, self._cut)

    def _cut(self):
        self._settled.callback(None)
        if self._pending is not None:
            self._pending.cancel()

    def _stopped_result(self):
        """A master that stops has its builds begun anew later; known when `_settled` has fired."""
        return RETRY if self.build.results == RETRY else CANCELLED

    def getCurrentSummary(self):
        return {'step': self._said}

    def getResultSummary(self):
        return {'step': self._said}

    # ---- what is to run

    @property
    def _key(self):
        """Of the request and the step: a build that Buildbot begins anew, of the same request, has the same."""
        return f'r{self._request.id}-{self.number}'

    @property
    def _request(self):
        return self.build.requests[0]

    def _token(self):
        if self.token is not None:
            return token_in(self.token, 'the secret that token names')
        return token_from(self.tokenFile)

    def _promotion(self):
        stamp = self.build.getSourceStamp(self.codebase)
        branch = (stamp.branch if stamp is not None else None) or 'main'
        limits = {}
        if self.maxTime is not None:
            limits['totalMs'] = int(self.maxTime * 1000)
        if self.timeout is not None:
            limits['silenceMs'] = int(self.timeout * 1000)
        promotion = {
            'hostKey': self._key,
            'attempt': self._attempt,
            'scope': {
                'enterprise': self.enterprise,
                'organisation': self.organisation,
                'project': self.project,
            },
            'pipeline': self.pipeline or branch,
            'stage': self.stage,
            'phase': self.phase,
            'steps': self.steps or [{'name': self.phase, 'run': self.command}],
            'change': {
                'id': one_line(branch, 200),
                'title': one_line(f'{self.build.builder.name} #{self._first_number}', 500),
            },
        }
        if self.source:
            promotion['source'] = self._source(stamp)
        if limits:
            promotion['limits'] = limits
        if self.rows is not None:
            promotion['rows'] = self.rows
        elif self.filter is not None:
            promotion['rows'] = [{'label': '', 'filter': self.filter}]
        promotion.update(self.more or {})
        return promotion

    def _source(self, stamp):
        repository = self.repository or (stamp.repository if stamp is not None else '')
        revision = stamp.revision if stamp is not None else None
        if not repository:
            raise WrongPromotion('The source stamp names no repository: give repository, or source=False.')
        if revision is None or SHA.match(revision) is None:
            raise WrongPromotion('A full commit id was expected as revision: Baton runs one exact commit.')
        if stamp.patch is not None:
            raise WrongPromotion(
                'The source stamp has a patch, which Baton does not apply: it runs one exact commit.')
        source = {'kind': 'git', 'repository': repository, 'sha': revision}
        # refs/changes/… of Gerrit and refs/pull/… are no branches: such a commit is fetched by its name alone
        if stamp.branch and not stamp.branch.startswith('refs/'):
            source['branch'] = stamp.branch
        return source

    # ---- newer commits

    @defer.inlineCallbacks
    def _watch_commits(self):
        """Looks now, and whenever a build of this builder is asked for: so none is missed, whatever their order."""
        if not self.cancelIfSuperseded:
            return
        builder = yield self.build.getBuilderId()
        self._watching = yield self.master.mq.startConsuming(
            lambda key, message: self._stop_if_superseded(),
            ('builders', str(builder), 'buildrequests', None, 'new'))
        yield self._stop_if_superseded()

    @defer.inlineCallbacks
    def _watch_no_more(self):
        watching = self._watching
        self._watching = None
        if watching is not None:
            yield watching.stopConsuming()

    @defer.inlineCallbacks
    def _stop_if_superseded(self):
        stamp = self.build.getSourceStamp(self.codebase)
        if stamp is None or self.stopped:
            return
        builder = yield self.build.getBuilderId()
        newer = yield newer_commit(self.master, builder, self._request.id, stamp)
        if newer is None or self.stopped or self._watching is None:
            return
        revision, change = newer
        self._said = f'superseded by change {change}'
        yield self.build.stopBuild(f'Superseded by a newer commit: {str(revision)[:12]}, change {change}')

    # ---- earlier builds of the same request

    @defer.inlineCallbacks
    def _count_before(self):
        builds = yield self.master.data.get(('buildrequests', self._request.id, 'builds'))
        before = [build['number'] for build in builds if build['buildid'] < self.build.buildid]
        self._before = len(before)
        self._first_number = min([*before, self.build.number])

    @defer.inlineCallbacks
    def _take_over(self, promotion):
        """What a build of a master that died or was stopped has left: it is followed, so that nothing runs twice."""
        if self._before == 0:
            return
        state = yield self._insist(self._left_over)
        if state is None:
            # a cancel of an earlier attempt may be remembered there
            self._attempt = self._before + 1
            return
        self._attempt = state['lastAttempt']
        self._may_be_there = True
        if self.stopped:
            return
        if 'cancelRequested' not in state:
            promotion['attempt'] = self._attempt
            try:
                yield self._insist(lambda: self._api.post(self._phases, promotion, self._command_key))
                yield self._stdio.addHeader('begun by an earlier build of this request: it is followed\n')
                return
            except Refused as refusal:
                if refusal.status != 409:
                    raise
        yield self._replace(state)

    @defer.inlineCallbacks
    def _replace(self, state):
        """Ends what asks for something else, or was cancelled with its build; then another attempt may begin."""
        self._said = 'waiting for the end of what an earlier build has begun'
        self.updateSummary()
        yield self._stdio.addHeader('what an earlier build has begun is ended first\n')
        if state['status'] not in self.outcomes and 'cancelRequested' not in state:
            yield self._insist(lambda: self._cancel('Its build is begun anew, with something else to run'))
        while state['status'] not in self.outcomes:
            if self.stopped:
                # it is followed to its end, as any job of a stopped build
                return
            query = f"?attempt={self._attempt}&known={state['known']}&wait={HOLD_WAITING}"
            try:
                state = yield self._insist(lambda: self._hold(query))
            except defer.CancelledError:
                return
        self._attempt = max(self._attempt, self._before) + 1
        self._may_be_there = False

    @defer.inlineCallbacks
    def _left_over(self):
        try:
            return (yield self._api.get(self._phase_path))
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    # ---- submit, follow, cancel

    @property
    def _phases(self):
        return f'/hosts/{self.host}/phases'

    @property
    def _phase_path(self):
        return f'{self._phases}/{quote(self._key, safe="")}'

    @property
    def _command_key(self):
        return self._key if self._attempt == 1 else f'{self._key}.{self._attempt}'

    @property
    def _used_before(self):
        return (f"a build with this number was run before for a master named '{self.host}', which had another database: "
                'give this master another name (option host).')

    @defer.inlineCallbacks
    def _submit(self, promotion):
        """True when it was taken, or may have been; False when it was stopped before anything was sent."""
        pause = FIRST_PAUSE
        if self._may_be_there:
            return True
        promotion['attempt'] = self._attempt
        while not self.stopped:
            try:
                answer = yield self._api.post(self._phases, promotion, self._command_key)
            except Refused as refusal:
                if refusal.status != 409:
                    raise
                raise Refused(self._used_before, 409) from None
            except Again as again:
                if isinstance(again, Untrusted) and not self._may_be_there:
                    raise Refused(str(again)) from None
                self._may_be_there = self._may_be_there or again.may_be_done
                yield self._later(again, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            yield self._back()
            if answer['status'] == 'duplicate' and not self._may_be_there:
                raise Refused(self._used_before, 409)
            self._may_be_there = True
            return True
        return self._may_be_there

    @defer.inlineCallbacks
    def _follow(self):
        known = None
        hold = 0
        while True:
            if self._is_cancel_due():
                yield self._insist(lambda: self._cancel(self._reason))
                self._is_cancelled = True
                hold = min(hold, HOLD_RUNNING)
            try:
                state = yield self._insist(lambda: self._look(known, hold))
                if state is None:
                    # stopped before it was there
                    return CANCELLED
                yield self._insist(lambda: self._show(state))
            except defer.CancelledError:
                # stopped meanwhile: what it has written is read on when its cancel is recorded
                continue
            known = state['known']
            if state['status'] in self.outcomes:
                return (yield self._end(state))
            if self._is_enough():
                raise LeftAlone('Its end is not confirmed: look after the job in Baton.')
            hold = HOLD_RUNNING if self._is_cancelled or state['status'] == 'running' else HOLD_WAITING

    def _is_cancel_due(self):
        return self.stopped and not self._is_cancelled

    @defer.inlineCallbacks
    def _look(self, known, hold):
        """The state; None when there is no such phase run and nobody wants it; CancelledError when a cancel is due."""
        if self._is_cancel_due():
            raise defer.CancelledError()
        # a cancel is news, so its answer comes at once; then its end is waited for
        held = '' if known is None else f'&known={known}&wait={hold}'
        try:
            return (yield self._hold(f'?attempt={self._attempt}{held}', hold))
        except Refused as refusal:
            if refusal.status == 404 and self._is_cancelled:
                return None
            if refusal.status == 404 and self.stopped:
                raise defer.CancelledError() from None
            raise

    def _hold(self, query, hold=HOLD_WAITING):
        return self._cut_short(self._api.get(self._phase_path + query, timeout=30 + hold))

    @defer.inlineCallbacks
    def _cancel(self, reason):
        body = {'attempt': self._attempt, 'reason': reason}
        try:
            yield self._api.post(f'{self._phase_path}/cancel', body, f'{self._command_key}-cancel')
        except Refused as refusal:
            # a token for one project may not have a cancel remembered of what is not there;
            # 409: a cancel is recorded under this key, though with other words
            if refusal.status not in (403, 404, 409):
                raise

    @defer.inlineCallbacks
    def _try_to_cancel(self, mistake):
        """After a mistake of this step nobody follows the job, so it is not left behind."""
        if not self._may_be_there:
            return
        said = f'This step has failed with {mistake}'
        try:
            yield self._cancel(said)
            yield self._stdio.addHeader(f'{said}: Baton was asked to cancel its job\n')
        except Exception as problem:
            why = f'{said}, and its job may go on in Baton ({one_line(problem, 200)})'
            master_log.msg(f'{self._command_key}: {why}')
            yield self._stdio.addHeader(f'{why}\n')

    @defer.inlineCallbacks
    def _insist(self, ask):
        """Asks until Baton answers; LeftAlone when that is too long after a stop."""
        pause = FIRST_PAUSE
        while True:
            try:
                answer = yield ask()
                yield self._back()
                return answer
            except Again as again:
                if self._is_enough():
                    raise LeftAlone('Baton does not answer: the job may go on there.') from None
                yield self._later(again, pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _is_enough(self):
        return self._stopped_at is not None and reactor.seconds() - self._stopped_at > self.stopPatience

    # ---- output

    @defer.inlineCallbacks
    def _show(self, state):
        ran_on = sorted({job['runner'] for job in state['jobs'] if 'runner' in job})
        said = f"{state['phase']}: {state['status']}" + (f" on {', '.join(ran_on)}" if ran_on else '')
        if said != self._said:
            self._said = said
            self.updateSummary()
        for job in state['jobs']:
            if 'attempt' not in job:
                continue
            if job['id'] not in self._links:
                self._links.add(job['id'])
                yield self.addURL(f"job {job['label'] or job['id'][:8]}", f"{self.publicUrl}/jobs/{job['id']}")
            for output in ('stdout', 'stderr') if job.get('output') == 'split' else (None,):
                yield self._read(job, output)

    @defer.inlineCallbacks
    def _read(self, job, output):
        """All that is there now, of all attempts up to the present one; CancelledError when a cancel is due."""
        log = yield self._log_of(job, output)
        while True:
            # a job may write faster than this, and is to be stopped nevertheless
            if self._is_cancel_due():
                raise defer.CancelledError()
            if self._is_enough():
                raise LeftAlone(f"Its output is not copied any further, and the job was {job['status']} when Baton was "
                                'asked last: look after it there.')
            if log.attempt == 0:
                log.begin(1)
            data = yield self._cut_short(
                self._api.bytes(self._log_path(job, output, log.attempt), log.offset, PIECE))
            if data:
                yield log.take(data)
            elif log.attempt < job['attempt']:
                yield log.end_line()
                log.begin(log.attempt + 1)
                yield self._stdio.addHeader(f"{job['label'] or 'the job'}: attempt {log.attempt}\n")
            else:
                return

    def _log_path(self, job, output, attempt):
        which = '' if output is None else f'&output={output}'
        return f"/jobs/{job['id']}/log?attempt={attempt}{which}"

    @defer.inlineCallbacks
    def _log_of(self, job, output):
        key = (job['id'], output)
        if key not in self._logs:
            log = self._stdio if job['label'] == '' else (yield self._labelled(job))
            self._logs[key] = JobLog(log.addStderr if output == 'stderr' else log.addStdout)
        return self._logs[key]

    @defer.inlineCallbacks
    def _labelled(self, job):
        name = one_line(job['label'], 50)
        return self.logs[name] if name in self.logs else (yield self.addLog(name))

    # ---- the end, and pauses

    @defer.inlineCallbacks
    def _end(self, state):
        for log in self._logs.values():
            yield log.end_line()
        yield self._stdio.addHeader(f"{state.get('cause', state['status'])}\n")
        return self.outcomes[state['status']]

    @defer.inlineCallbacks
    def _leave(self, why):
        self._said = why
        yield self._stdio.addHeader(f'{why}\n')
        return CANCELLED

    @defer.inlineCallbacks
    def _give_up(self, why):
        self._said = one_line(why, 200)
        yield self._stdio.addHeader(f'{why}\n')
        return EXCEPTION

    @defer.inlineCallbacks
    def _later(self, again, pause):
        if self._away != str(again):
            self._away = str(again)
            self._said = one_line(f'tried again: {again}', 200)
            self.updateSummary()
            yield self._stdio.addHeader(f'{again}; it is tried again\n')
        rest = defer.Deferred()
        seconds = max(pause, again.after)
        if self.stopped:
            seconds = min(seconds, max(FIRST_PAUSE, self._stopped_at + self.stopPatience - reactor.seconds()))
        timer = reactor.callLater(seconds, rest.callback, None)
        try:
            yield self._cut_short(rest)
        except defer.CancelledError:
            timer.cancel()

    @defer.inlineCallbacks
    def _back(self):
        if self._away is not None:
            self._away = None
            yield self._stdio.addHeader('Baton answers\n')

    @defer.inlineCallbacks
    def _cut_short(self, waiting):
        """Waits; an interrupt ends that with CancelledError, and later ones do not."""
        if self.stopped:
            return (yield waiting)
        self._pending = waiting
        try:
            return (yield waiting)
        except Again:
            # a request that is cut short may end as one that failed
            if self.stopped:
                raise defer.CancelledError() from None
            raise
        finally:
            self._pending = None
