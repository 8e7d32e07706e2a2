# SPDX-License-Identifier: GPL-2.0-only
"""A door into a master under test: what people click in its pages, and changes that come in one and the same moment."""

import json

from twisted.internet import defer
from twisted.internet import endpoints
from twisted.internet import protocol
from twisted.internet import reactor
from twisted.protocols import basic
from twisted.python import log

from buildbot.util import service


class DoorLine(basic.LineReceiver):
    delimiter = b'\n'

    def lineReceived(self, line):
        # an answer here would close the connection
        self.do(json.loads(line.decode())).addErrback(log.err, 'at the door')

    @defer.inlineCallbacks
    def do(self, asked):
        data = self.factory.master.data
        if asked['do'] == 'changes':
            yield defer.gatherResults([
                data.updates.addChange(
                    files=['a.txt'], comments='A change', author='ada', project='', codebase='',
                    repository=asked['repository'], branch=asked['branch'], revision=revision)
                for revision in asked['revisions']])
        elif asked['do'] == 'force':
            builder = yield data.get(('builders', asked['builder']))
            yield data.updates.addBuildset(
                waited_for=False, scheduler='by hand', reason='by hand', builderids=[builder['builderid']],
                sourcestamps=[{**asked['stamp'], 'codebase': '', 'project': ''}])
        else:
            yield data.control(asked['do'], {'reason': 'by hand'}, ('builds', str(asked['build'])))
        self.sendLine(b'done')


class Door(service.BuildbotService):
    name = 'door'

    @defer.inlineCallbacks
    def reconfigService(self, path):
        factory = protocol.ServerFactory.forProtocol(DoorLine)
        factory.master = self.master
        if not hasattr(self, 'port'):
            self.port = yield endpoints.serverFromString(reactor, f'unix:{path}:lockfile=1').listen(factory)

    @defer.inlineCallbacks
    def stopService(self):
        yield super().stopService()
        yield self.port.stopListening()
