// On a network, a page and a terminal on another machine of it have a direct path, whoever waits for the
// other one, and by whatever the mediator is called.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { inEach, open } from './lib/browsers.mjs';
import { talk } from './lib/meeting.mjs';
import { inviteOf, join, shown } from './lib/page.mjs';
import { HERE, MEDIATOR, NAME, THERE, inNetwork } from './lib/network.mjs';
import { startMediatorAt, startTerminal } from './lib/programs.mjs';
import { watch } from './lib/times.mjs';

const PLACES = [MEDIATOR.address, NAME];
const { machine } = THERE;
/** So long a terminal that waited looks for a better way to another one, in milliseconds. */
const BETTER_WITHIN = 200;
/** On a busy machine one turn may take long; one of them does not. */
const TURNS = 7;

function checkPath({ path, transport, address }) {
  assert.deepEqual([path, transport, address.split(':')[0]], ['direct', 'udp', HERE]);
}

inNetwork(fileURLToPath(import.meta.url), () => {
  inEach('the page comes to a terminal of its network', async (t, browser) => {
    const mediator = await startMediatorAt(t, MEDIATOR, '--relay', '--page-host', NAME);
    for (const place of PLACES) {
      const ada = startTerminal(t, { mediator, machine, name: 'ada', room: 'amber-falcon#cedar-otter' });
      const { invite } = await ada.event('waiting');
      const opened = await open(t, browser, invite.replace(MEDIATOR.address, place));
      await join(opened.page, 'bea');
      checkPath(await talk(opened, ada));
    }
  });

  inEach('a terminal of its network comes to the page', async (t, browser) => {
    const mediator = await startMediatorAt(t, MEDIATOR, '--relay', '--page-host', NAME);
    for (const place of PLACES) {
      const opened = await open(t, browser, `http://${place}:${mediator.port}`);
      await join(opened.page, 'bea');
      const room = await inviteOf(opened.page);
      assert.ok(room.startsWith(`http://${place}:`), room);
      const ada = startTerminal(t, { machine, name: 'ada', room });
      checkPath(await talk(opened, ada));
    }
  });

  inEach('a terminal waits for no better way to a page', async (t, browser) => {
    const mediator = await startMediatorAt(t, MEDIATOR, '--relay');
    const took = [];
    while (took.length < TURNS && !took.some((time) => time < BETTER_WITHIN)) {
      const ada = startTerminal(t, { mediator, machine, name: 'ada', room: 'amber-falcon#cedar-otter' });
      const { invite } = await ada.event('waiting');
      const { page } = await open(t, browser, 'about:blank');
      await page.evaluateOnNewDocument(watch);
      await page.goto(invite);
      await join(page, 'bea');
      await shown(page, '.chat');
      took.push(await page.evaluate(() => window.times.chat - window.times.paired));
      checkPath(await ada.event('connected'));
      ada.say('/quit');
      await ada.exit();
    }
    assert.ok(took.some((time) => time < BETTER_WITHIN), took.join(', '));
  });
});
