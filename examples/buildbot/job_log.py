# SPDX-License-Identifier: GPL-2.0-only
"""What was read of one output of a job, and is written to a log of Buildbot."""

import codecs

from twisted.internet import defer


class JobLog:
    """Attempts come one after the other, each from its first byte. `add` takes text, and answers when it is written."""

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
