# SPDX-License-Identifier: GPL-2.0-only
# Imports Buildbot, which is under the GPL, version 2: so is this folder, see COPYING. Baton itself is not.
"""A Buildbot step that runs its commands on a runner of Baton: it submits, follows and cancels over HTTP."""

import codecs
import re
from urllib.parse import quote

from twisted.internet import defer
from twisted.internet import reactor

from buildbot import config
from buildbot.process.buildstep import BuildStep
from buildbot.process.results import CANCELLED
from buildbot.process.results import EXCEPTION
from buildbot.process.results import FAILURE
from buildbot.process.results import SUCCESS

from baton_api import Again
from baton_api import Api
from baton_api import Refused

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


class JobLog:
    """What was read of one output of a job: attempts come one after the other, each from its first byte."""

    def __init__(self, add):
        self.add = add
        self.attempt = 0
        self.offset = 0
        self.decoder = None
        self.is_open = False

    def begin(self, attempt):
        self.attempt = attempt
        self.offset = 0
        self.decoder = codecs.getincrementaldecoder('utf-8')('replace')

    def take(self, data):
        self.offset += len(data)
        return self._write(self.decoder.decode(data))

    def end_line(self):
        """What has no line feed would stand behind what is said next."""
        rest = self.decoder.decode(b'', True) if self.decoder is not None else ''
        return self._write(rest + ('\n' if rest or self.is_open else ''))

    def _write(self, text):
        if not text:
            return defer.succeed(None)
        self.is_open = not text.endswith('\n')
        return self.add(text)


class RunnerPhase(BuildStep):
    """Options: see docs/buildbot.md of Baton."""

    name = 'runner phase'
    haltOnFailure = True
    flunkOnFailure = True
    renderables = ['enterprise', 'organisation', 'project', 'stage', 'phase', 'pipeline', 'command',
                   'steps', 'filter', 'rows', 'repository', 'more']

    def __init__(self, url, tokenFile, project, command=None, steps=None, host='buildbot', caFile=None,
                 publicUrl=None, enterprise='default', organisation='default', stage='verify',
                 phase='unit', pipeline=None, codebase='', source=True, repository=None, filter=None,
                 rows=None, maxTime=None, timeout=None, more=None, results=None, stopPatience=300,
                 **kwargs):
        if (command is None) == (steps is None):
            config.error('RunnerPhase: give either command or steps')
        if HOST.match(host) is None:
            config.error('RunnerPhase: host is a name of small letters, digits and dashes')
        super().__init__(**kwargs)
        self.url = url.rstrip('/')
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
        self.stopPatience = stopPatience
        self._api = None
        self._stdio = None
        self._said = 'waiting for Baton'
        self._reason = None
        self._stopped_at = None
        # What is waited for now, and may be cut short by an interrupt.
        self._pending = None
        self._logs = {}
        self._links = set()
        self._away = False

    # ---- what Buildbot calls

    @defer.inlineCallbacks
    def run(self):
        self._api = Api(self.url, self.tokenFile, self.caFile)
        self._stdio = yield self.addLog('stdio')
        try:
            promotion = self._promotion()
        except ValueError as problem:
            return (yield self._give_up(str(problem)))
        try:
            if not (yield self._submit(promotion)):
                return CANCELLED
            return (yield self._follow())
        except Refused as refusal:
            return (yield self._give_up(f'Baton refused: {refusal}'))

    @defer.inlineCallbacks
    def interrupt(self, reason):
        # Buildbot calls this twice for one build that is obsolete, and also when the job has ended.
        is_first = not self.stopped
        if is_first:
            self._reason = one_line(reason, 500)
            self._stopped_at = reactor.seconds()
        yield super().interrupt(reason)
        if is_first and self._pending is not None:
            self._pending.cancel()

    def getCurrentSummary(self):
        return {'step': self._said}

    def getResultSummary(self):
        return {'step': self._said}

    # ---- what is to run

    @property
    def _key(self):
        """The same for as long as this step runs, and never again for this master."""
        return f'{self.build.buildid}-{self.number}'

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
            'attempt': 1,
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
                'title': one_line(f'{self.build.builder.name} #{self.build.number}', 500),
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
            raise ValueError('The source stamp names no repository: give repository, or source=False.')
        if revision is None or SHA.match(revision) is None:
            raise ValueError('A full commit id was expected as revision: Baton runs one exact commit.')
        source = {'kind': 'git', 'repository': repository, 'sha': revision}
        if stamp.branch:
            source['branch'] = stamp.branch
        return source

    # ---- submit, follow, cancel

    @property
    def _phase_path(self):
        return f'/hosts/{self.host}/phases/{quote(self._key, safe="")}'

    @defer.inlineCallbacks
    def _submit(self, promotion):
        """True when it was taken, or may have been; False when it was stopped before anything was sent."""
        pause = FIRST_PAUSE
        may_be_there = False
        while not self.stopped:
            try:
                answer = yield self._api.post(f'/hosts/{self.host}/phases', promotion, self._key)
            except Again as again:
                may_be_there = may_be_there or again.may_be_done
                yield self._later(again, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            yield self._back()
            if answer['status'] == 'duplicate' and not may_be_there:
                raise Refused('this key was used before, so this master has another database than it had; '
                              'give it another host name')
            return True
        return may_be_there

    @defer.inlineCallbacks
    def _follow(self):
        known = None
        hold = 0
        pause = FIRST_PAUSE
        is_cancelled = False
        while True:
            try:
                if self.stopped and not is_cancelled:
                    yield self._cancel()
                    is_cancelled = True
                state = yield self._look(known, hold)
                if state is None:
                    # stopped before it was there, or while the answer was held
                    if is_cancelled:
                        return CANCELLED
                    continue
                yield self._show(state)
                yield self._back()
            except Again as again:
                if self._is_enough():
                    return (yield self._leave('Baton does not answer: the job may go on there.'))
                yield self._later(again, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            known = state['known']
            if state['status'] in self.outcomes:
                return (yield self._end(state))
            if self._is_enough():
                return (yield self._leave('Its end is not confirmed: look after the job in Baton.'))
            hold = HOLD_RUNNING if state['status'] == 'running' else HOLD_WAITING

    @defer.inlineCallbacks
    def _look(self, known, hold):
        """The state; None when the wait was cut short, or when there is no such phase run and nobody wants it."""
        query = '?attempt=1' + (f'&known={known}&wait={hold}' if known is not None and not self.stopped else '')
        asked = self._api.get(self._phase_path + query, timeout=30 + hold)
        try:
            return (yield self._cut_short(asked))
        except defer.CancelledError:
            return None
        except Refused as refusal:
            if refusal.status == 404 and self.stopped:
                return None
            raise

    @defer.inlineCallbacks
    def _cancel(self):
        body = {'attempt': 1, 'reason': self._reason}
        try:
            yield self._api.post(f'{self._phase_path}/cancel', body, f'{self._key}-cancel')
        except Refused as refusal:
            # a token for one project may not have a cancel remembered of what is not there
            if refusal.status not in (403, 404):
                raise

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
        """All that is there now, of all attempts up to the present one."""
        log = yield self._log_of(job, output)
        while True:
            if log.attempt == 0:
                log.begin(1)
            data = yield self._api.bytes(self._log_path(job, output, log.attempt), log.offset, PIECE)
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
        # Buildbot makes an exception of any other result of a step that it has stopped
        return CANCELLED if self.stopped else self.outcomes[state['status']]

    @defer.inlineCallbacks
    def _leave(self, why):
        self._said = why
        yield self._stdio.addHeader(f'{why}\n')
        return CANCELLED

    @defer.inlineCallbacks
    def _give_up(self, why):
        self._said = one_line(why, 200)
        yield self._stdio.addHeader(f'{why}\n')
        return CANCELLED if self.stopped else EXCEPTION

    @defer.inlineCallbacks
    def _later(self, again, pause):
        if not self._away:
            self._away = True
            yield self._stdio.addHeader(f'{again}; it is tried again\n')
        rest = defer.Deferred()
        timer = reactor.callLater(max(pause, again.after), rest.callback, None)
        try:
            yield self._cut_short(rest)
        except defer.CancelledError:
            timer.cancel()

    @defer.inlineCallbacks
    def _back(self):
        if self._away:
            self._away = False
            yield self._stdio.addHeader('Baton answers\n')

    @defer.inlineCallbacks
    def _cut_short(self, waiting):
        """Waits; an interrupt ends that with CancelledError."""
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
