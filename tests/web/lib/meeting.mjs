// What a page and a terminal do together: join, talk, part.

import assert from 'node:assert/strict';
import { PATIENCE } from './programs.mjs';

/** Waits for what fits; where it does not come, says what stands on the page instead. */
export async function shown(page, selector) {
  try {
    await page.waitForSelector(selector, { timeout: PATIENCE });
  } catch (error) {
    throw new Error(`${error.message}\n${await page.evaluate(() => document.body.innerText)}`);
  }
}

/** Says a name, and presses the button: joins by the invite, or makes a new line. */
export async function join(page, name) {
  await shown(page, '.ask .main');
  await page.type('input[name=name]', name);
  await page.click('.ask .main');
}

/** The invite that a page shows which waits. */
export async function inviteOf(page) {
  await shown(page, '.waiting .copy-text');
  return page.$eval('.waiting .copy-text', (link) => link.textContent);
}

/**
 * Both hear each other; then the terminal leaves, and nothing was forbidden on the page. Gives what
 * the terminal said of the path.
 */
export async function talk({ page, seen }, terminal) {
  await shown(page, '.chat');
  const connected = await terminal.event('connected');
  assert.equal(connected.peer, 'bea');
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
  return connected;
}
