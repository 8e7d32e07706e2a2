# SPDX-License-Identifier: GPL-2.0-only
"""Baton's HTTP API as far as a step needs it. Nothing is kept open; the token is asked for anew for each request."""

import json
import re
from urllib.parse import urlsplit

from OpenSSL import SSL
from service_identity import CertificateError
from service_identity import VerificationError
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
LONGEST_PAUSE = 3600
CERTIFICATE = re.compile(b'-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----', re.DOTALL)
ADDRESS = re.compile(r'https?://[\x21-\x7e]+\Z')
DIGITS = re.compile(rb'[0-9]{1,9}\Z')
TOKEN = re.compile(r'[\x21-\x7e]+\Z')


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


class Untrusted(Again):
    """The connection is not as safe as it must be, so nothing was sent: a certificate may be renewed."""

    def __init__(self, message):
        super().__init__(message, may_be_done=False)


class _QuietPool(HTTPConnectionPool):
    """Without two lines in the log of the master for each request."""

    class _factory(HTTPConnectionPool._factory):
        noisy = False


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


def wrong_url(url):
    """What is wrong with the address of Baton, or None."""
    try:
        parts = urlsplit(url)
        is_right = ADDRESS.match(url) is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        return 'an address such as https://baton.example.org was expected'
    if '@' in parts.netloc:
        return 'a name or a password has no place in an address: give tokenFile'
    if parts.query or parts.fragment:
        return 'an address without ? and # was expected'
    return None


def token_in(text, where):
    """The token that stands there; errors never show it."""
    token = text.strip()
    if TOKEN.match(token) is None:
        raise Refused(f'One token and nothing else was expected in {where}: what `baton token create` has printed.')
    return token


def token_from(path):
    try:
        with open(path, encoding='ascii') as file:
            text = file.read()
    except (OSError, ValueError) as problem:
        raise Refused(f'The token cannot be read from {path} ({type(problem).__name__}): '
                      'the master must be able to read that file.') from None
    return token_in(text, path)


def _policy(ca_file):
    """Certificates and names are always verified; `ca_file` says by which authorities, in place of the system's."""
    if ca_file is None:
        return BrowserLikePolicyForHTTPS()
    try:
        with open(ca_file, 'rb') as file:
            found = [Certificate.loadPEM(pem) for pem in CERTIFICATE.findall(file.read())]
    except (OSError, SSL.Error) as problem:
        raise Refused(f'The certificates cannot be read from {ca_file} ({type(problem).__name__}).') from None
    if not found:
        raise Refused(f'A certificate in PEM form was expected in {ca_file}: there is none.')
    return BrowserLikePolicyForHTTPS(trustRootFromCertificates(found))


def _told(status, data, url):
    """The sentence of a refusal, with what is wrong; never more than a screen of it."""
    try:
        problem = json.loads(data.decode())
        wrong = [f"{one['path']}: expected {one['expected']}, found {one['found']}"
                 for one in problem.get('problems', [])]
        return ' '.join([problem['detail'], *wrong])[:2000]
    except (ValueError, KeyError, TypeError, AttributeError):
        return f'{url} answered HTTP {status}, but not as Baton does; is that its address?'


def _pause(headers):
    """Seconds of Retry-After, an hour at most; 0 when it is not there, or is none of these numbers."""
    said = headers.getRawHeaders(b'retry-after', [b''])[0]
    return min(int(said), LONGEST_PAUSE) if DIGITS.match(said) is not None else 0


def _words(error):
    """What OpenSSL says: a list of library, function and reason, if it is more than its kind."""
    told = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return ', '.join(str(entry[-1]) for entry in told) or type(error).__name__


def _unsafe(problem, url):
    """In words, when the trouble is one of TLS; else None."""
    for reason in getattr(problem, 'reasons', []):
        if reason.check(VerificationError, CertificateError):
            return f'the certificate of {url} is that of another name'
        if reason.check(SSL.Error):
            why = _words(reason.value)
            if 'certificate verify failed' in why:
                return f'the certificate of {url} is not trusted: give caFile, or have it renewed'
            return f'{url} and this master find no common TLS ({why})'
    return None


class Api:
    """`token` is a function that gives it; it may raise Refused, as the constructor does."""

    def __init__(self, url, token, ca_file=None):
        self.url = url
        self.token = token
        pool = _QuietPool(reactor, persistent=False)
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
        raise Refused(_told(status, data, self.url), status)

    @defer.inlineCallbacks
    def _json(self, method, path, body=None, more=None, timeout=SECONDS):
        status, headers, data = yield self._ask(method, path, body, more or {}, timeout)
        if 300 <= status < 400:
            where = headers.getRawHeaders(b'location', [b'another address'])[0].decode('ascii', 'replace')
            raise Refused(f'{self.url} leads to {where[:200]}: give the address that is meant.', status)
        if status >= 400:
            raise Refused(_told(status, data, self.url), status)
        try:
            return json.loads(data.decode())
        except ValueError:
            raise Again(f'{self.url} answered something else than JSON') from None

    @defer.inlineCallbacks
    def _ask(self, method, path, body, more, timeout):
        headers = Headers({'Authorization': [f'Bearer {self.token()}'], **more})
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
            unsafe = _unsafe(problem, self.url)
            if unsafe is not None:
                raise Untrusted(unsafe) from None
            raise Again(f'{self.url} does not answer ({type(problem).__name__})') from None
        after = _pause(response.headers)
        if response.code == 429 or response.code >= 500:
            # of a 503 that is `busy` nothing was written; of others nobody knows
            raise Again(_told(response.code, data, self.url), after, response.code != 429)
        return response.code, response.headers, data
