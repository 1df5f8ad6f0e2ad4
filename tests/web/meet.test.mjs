// A terminal and the page meet, whoever of them was there first, and talk. Loopback is a secure context
// to a browser, the name is none.

import assert from 'node:assert/strict';
import { INSECURE, inEach, open } from './lib/browsers.mjs';
import { startMediator, startTerminal, PATIENCE } from './lib/programs.mjs';

const PLACES = ['127.0.0.1', INSECURE];
/** Both may be relayed, where the browser finds no direct path to this terminal. */
const RELAY = ['--relay', 'always'];

/** Waits for what fits; where it does not come, says what stands on the page instead. */
async function shown(page, selector) {
  try {
    await page.waitForSelector(selector, { timeout: PATIENCE });
  } catch (error) {
    throw new Error(`${error.message}\n${await page.evaluate(() => document.body.innerText)}`);
  }
}

/** Says a name, and presses the button: joins by the invite, or makes a new line. */
async function join(page, name) {
  await shown(page, '.ask .main');
  await page.type('input[name=name]', name);
  await page.click('.ask .main');
}

/** Both hear each other; then the terminal leaves, and nothing was forbidden on the page. */
async function talk({ page, seen }, terminal) {
  await shown(page, '.chat');
  assert.equal((await terminal.event('connected')).peer, 'bea');
  const markup = 'hello from <b>the terminal</b>';
  terminal.say(markup);
  await page.waitForFunction((text) => document.body.innerText.includes(text), { timeout: PATIENCE }, markup);
  await page.type('textarea', 'hello from the page');
  await page.keyboard.press('Enter');
  assert.equal((await terminal.event('message')).text, 'hello from the page');
  terminal.say('/quit');
  assert.equal(await terminal.exit(), 0);
  const { violations, errors } = await seen();
  assert.deepEqual({ violations, errors }, { violations: [], errors: [] });
}

inEach('the page comes to a terminal that waits', async (t, browser) => {
  const mediator = await startMediator(t, '--relay', '--page-host', INSECURE);
  for (const place of PLACES) {
    const ada = startTerminal(t, { mediator, name: 'ada', room: 'amber-falcon#cedar-otter', flags: RELAY });
    const { invite } = await ada.event('waiting');
    const opened = await open(t, browser, invite.replace('127.0.0.1', place));
    assert.equal(new URL(opened.page.url()).hash, '', 'the invite stands in the address bar');
    await join(opened.page, 'bea');
    await talk(opened, ada);
  }
});

inEach('a terminal comes to the page by the invite that it shows', async (t, browser) => {
  const mediator = await startMediator(t, '--relay', '--page-host', INSECURE);
  for (const place of PLACES) {
    const opened = await open(t, browser, `http://${place}:${mediator.port}`);
    await join(opened.page, 'bea');
    await shown(opened.page, '.waiting .copy-text');
    const invite = await opened.page.$eval('.waiting .copy-text', (link) => link.textContent);
    assert.ok(invite.startsWith(`http://${place}:${mediator.port}/#`), invite);
    // A terminal looks names up by itself, and this one is the browser's alone.
    const ada = startTerminal(t, { name: 'ada', room: invite.replace(INSECURE, '127.0.0.1'), flags: RELAY });
    await talk(opened, ada);
  }
});
