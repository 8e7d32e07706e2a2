# SPDX-License-Identifier: GPL-2.0-only
"""Baton's HTTP API as far as a step needs it. Nothing is kept open, and the token is read anew for each request."""

import json
import re

from twisted.internet import defer
from twisted.internet import reactor
from twisted.internet.error import ConnectError
from twisted.internet.error import DNSLookupError
from twisted.internet.ssl import Certificate
from twisted.internet.ssl import trustRootFromCertificates
from twisted.web.client import Agent
from twisted.web.client import BrowserLikePolicyForHTTPS
from twisted.web.client import HTTPConnectionPool
from twisted.web.client import readBody
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

SECONDS = 30
CERTIFICATE = re.compile(b'-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----', re.DOTALL)


class Refused(Exception):
    """It will be refused again. `status`: of HTTP, 0 where nothing was sent."""

    def __init__(self, message, status=0):
        super().__init__(message)
        self.status = status


class Again(Exception):
    """Not now. `after`: seconds to wait at least; `may_be_done`: nobody knows whether it was done."""

    def __init__(self, message, after=0, may_be_done=True):
        super().__init__(message)
        self.after = after
        self.may_be_done = may_be_done


@implementer(IBodyProducer)
class _Body:
    def __init__(self, data):
        self.data = data
        self.length = len(data)

    def startProducing(self, consumer):
        consumer.write(self.data)
        return defer.succeed(None)

    def pauseProducing(self):
        pass

    def resumeProducing(self):
        pass

    def stopProducing(self):
        pass


def _policy(ca_file):
    if ca_file is None:
        return BrowserLikePolicyForHTTPS()
    with open(ca_file, 'rb') as file:
        found = [Certificate.loadPEM(pem) for pem in CERTIFICATE.findall(file.read())]
    return BrowserLikePolicyForHTTPS(trustRootFromCertificates(found))


def _told(status, data):
    """The sentence of a refusal, with what is wrong; never more than a screen of it."""
    try:
        problem = json.loads(data.decode())
        wrong = [f"{one['path']}: expected {one['expected']}, found {one['found']}"
                 for one in problem.get('problems', [])]
        return ' '.join([problem['detail'], *wrong])[:2000]
    except (ValueError, KeyError, TypeError):
        return f'HTTP {status}'


class Api:
    def __init__(self, url, token_file, ca_file=None):
        self.url = url
        self.token_file = token_file
        pool = HTTPConnectionPool(reactor, persistent=False)
        policy = _policy(ca_file) if url.startswith('https:') else BrowserLikePolicyForHTTPS()
        self.agent = Agent(reactor, contextFactory=policy, connectTimeout=10, pool=pool)

    def get(self, path, timeout=SECONDS):
        return self._json('GET', path, timeout=timeout)

    def post(self, path, body, key):
        return self._json('POST', path, body, {'Idempotency-Key': [key]})

    @defer.inlineCallbacks
    def bytes(self, path, offset, most):
        """At most so many from there on; none when there are no more yet."""
        wanted = {'Range': [f'bytes={offset}-{offset + most - 1}']}
        status, _, data = yield self._ask('GET', path, None, wanted, SECONDS)
        if status == 206:
            return data
        if status == 416:
            return b''
        raise Refused(_told(status, data), status)

    @defer.inlineCallbacks
    def _json(self, method, path, body=None, more=None, timeout=SECONDS):
        status, _, data = yield self._ask(method, path, body, more or {}, timeout)
        if status >= 300:
            raise Refused(_told(status, data), status)
        try:
            return json.loads(data.decode())
        except ValueError:
            raise Again(f'Baton answered something else than JSON at {self.url}') from None

    @defer.inlineCallbacks
    def _ask(self, method, path, body, more, timeout):
        headers = Headers({'Authorization': [f'Bearer {self._token()}'], **more})
        producer = None
        if body is not None:
            headers.setRawHeaders('Content-Type', ['application/json'])
            producer = _Body(json.dumps(body).encode())
        address = f'{self.url}/api/v1{path}'.encode('ascii')
        asked = self.agent.request(method.encode(), address, headers, producer)
        asked.addCallback(lambda response: readBody(response).addCallback(lambda data: (response, data)))
        asked.addTimeout(timeout, reactor)
        try:
            response, data = yield asked
        except defer.CancelledError:
            raise
        except (ConnectError, DNSLookupError) as problem:
            raise Again(f'{self.url} is not reached ({type(problem).__name__})', may_be_done=False) from None
        except Exception as problem:
            raise Again(f'{self.url} does not answer ({type(problem).__name__})') from None
        pause = response.headers.getRawHeaders('retry-after', ['0'])[0]
        after = int(pause) if pause.isdigit() else 0
        if response.code == 429 or response.code >= 500:
            # of a 503 that is `busy` nothing was written; of others nobody knows
            raise Again(f'Baton: {_told(response.code, data)}', after, response.code != 429)
        return response.code, response.headers, data

    def _token(self):
        try:
            with open(self.token_file, encoding='ascii') as file:
                return file.read().strip()
        except (OSError, ValueError):
            raise Refused(f'The token cannot be read from {self.token_file}.') from None
