// A terminal and the page meet, whoever of them was there first, and talk. Loopback is a secure context
// to a browser, the name is none.

import assert from 'node:assert/strict';
import { INSECURE, inEach, open } from './lib/browsers.mjs';
import { talk } from './lib/meeting.mjs';
import { inviteOf, join } from './lib/page.mjs';
import { startMediator, startTerminal } from './lib/programs.mjs';

const PLACES = ['127.0.0.1', INSECURE];
/** Both agree: not every place has a direct path to a terminal that is on loopback alone. */
const RELAY = ['--relay', 'always'];

/**
 * Chromium takes loopback. Firefox sends from its network's address to none on loopback; and where the
 * mediator goes by a name, the page does not know that it is here and tries no such address.
 */
function checkPath(kind, place, { path, transport }) {
  if (kind === 'chromium' && place === '127.0.0.1') assert.deepEqual([path, transport], ['direct', 'udp']);
}

inEach('the page comes to a terminal that waits', async (t, browser, kind) => {
  const mediator = await startMediator(t, '--relay', '--page-host', INSECURE);
  for (const place of PLACES) {
    const ada = startTerminal(t, { mediator, name: 'ada', room: 'amber-falcon#cedar-otter', flags: RELAY });
    const { invite } = await ada.event('waiting');
    const opened = await open(t, browser, invite.replace('127.0.0.1', place));
    assert.equal(new URL(opened.page.url()).hash, '', 'the invite stands in the address bar');
    await join(opened.page, 'bea');
    checkPath(kind, place, await talk(opened, ada));
  }
});

inEach('a terminal comes to the page by the invite that it shows', async (t, browser, kind) => {
  const mediator = await startMediator(t, '--relay', '--page-host', INSECURE);
  for (const place of PLACES) {
    const opened = await open(t, browser, `http://${place}:${mediator.port}`);
    await join(opened.page, 'bea');
    const invite = await inviteOf(opened.page);
    assert.ok(invite.startsWith(`http://${place}:${mediator.port}/#`), invite);
    // A terminal looks names up by itself, and this one is the browser's alone.
    const ada = startTerminal(t, { name: 'ada', room: invite.replace(INSECURE, '127.0.0.1'), flags: RELAY });
    checkPath(kind, place, await talk(opened, ada));
  }
});
