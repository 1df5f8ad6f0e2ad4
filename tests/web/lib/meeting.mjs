// What a page and a terminal do together, once both are there: talk, part.

import assert from 'node:assert/strict';
import { heard, say, shown, sound } from './page.mjs';

/**
 * Both hear each other; then the terminal leaves, and nothing was forbidden on the page. Gives what
 * the terminal said of the path.
 */
export async function talk(opened, terminal) {
  const { page } = opened;
  await shown(page, '.chat');
  const connected = await terminal.event('connected');
  assert.equal(connected.peer, 'bea');
  const markup = 'hello from <b>the terminal</b>';
  terminal.say(markup);
  await heard(page, markup);
  await say(page, 'hello from the page');
  assert.equal((await terminal.event('message')).text, 'hello from the page');
  terminal.say('/quit');
  assert.equal(await terminal.exit(), 0);
  await sound(opened);
  return connected;
}
