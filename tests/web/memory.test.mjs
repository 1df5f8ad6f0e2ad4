// What a browser keeps: nothing, until it is asked to remember; then who one is and whom one met, so
// that another key in their place is an alarm.

import assert from 'node:assert/strict';
import { INSECURE, inEach, open } from './lib/browsers.mjs';
import { delivered, heard, inviteOf, join, press, reads, said, say, shown, sound, until, write } from './lib/page.mjs';
import { startMediator } from './lib/programs.mjs';

const MARKUP = '<b>zoe</b>';

/** All that a page can keep in a browser. */
const kept = ({ page }) =>
  page.evaluate(async () => ({
    cookie: document.cookie,
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: typeof caches === 'undefined' ? [] : await caches.keys(),
    workers: (await navigator.serviceWorker?.getRegistrations())?.length ?? 0,
  }));
const NOTHING = { cookie: '', local: 0, session: 0, databases: [], caches: [], workers: 0 };

const remember = async ({ page }) => {
  await shown(page, '.memory input[type=checkbox]');
  await page.click('.memory input[type=checkbox]');
};
/** Joins under the name that the page remembers. */
const enter = async ({ page }) => (await shown(page, '.ask .main'), page.click('.ask .main'));
const leave = async ({ page }) => (await press(page, 'Leave'), reads(page, 'You left'));
const trust = ({ page }) => page.$eval('.bar .trust', (trust) => trust.textContent);

/** Somebody new makes a line, or comes to this one, by a page that keeps nothing. */
async function stranger(t, browser, url, name) {
  const opened = await open(t, browser, url);
  await join(opened.page, name);
  return opened;
}

inEach('who was met is known again, and another key in their place is an alarm', async (t, browser) => {
  const { url } = await startMediator(t, '--relay');
  const ada = await open(t, browser, url);
  await shown(ada.page, '.start');
  assert.deepEqual(await kept(ada), NOTHING);
  await remember(ada);
  assert.deepEqual(await kept(ada), NOTHING, 'not before it joins');
  await join(ada.page, 'ada');
  const room = await inviteOf(ada.page);
  assert.deepEqual((await kept(ada)).databases, ['undertone']);

  const bea = await open(t, browser, room);
  await remember(bea);
  await join(bea.page, 'bea');
  for (const { page } of [ada, bea]) await shown(page, '.chat');
  for (const { page } of [ada, bea]) await page.click('.bar .trust');
  await shown(bea.page, '.verify .words');
  const words = await bea.page.$$eval('.verify .words li', (all) => all.map((word) => word.textContent).join(' '));
  await write(ada.page, 'input[name=heard]', words);
  await press(ada.page, 'Compare');
  await reads(ada.page, 'bea is verified');
  await leave(ada);
  await reads(bea.page, 'ada left');

  // Another visit: both are who they were.
  const again = [];
  for (const { context } of [ada, bea]) again.push(await open(t, browser, url, { profile: context }));
  for (const { page } of again) await reads(page, 'This browser remembers you');
  assert.equal(await again[0].page.$eval('input[name=name]', (name) => name.value), 'ada');
  await enter(again[0]);
  const second = await open(t, browser, await inviteOf(again[0].page), { profile: bea.context });
  await enter(second);
  for (const { page } of [again[0], second]) await shown(page, '.chat');
  assert.equal(await trust(again[0]), '✓ verified');
  assert.equal(await trust(second), '◆ via invite');
  await leave(again[0]);

  // Somebody else by the same name; nothing is heard, and nothing acknowledged, before a decision.
  await press(again[0].page, 'New line');
  await enter(again[0]);
  const eve = await stranger(t, browser, await inviteOf(again[0].page), 'Bea');
  await shown(eve.page, '.chat');
  await reads(again[0].page, 'SOMEBODY ELSE?');
  await say(eve.page, 'it is me');
  assert.deepEqual(await said(again[0].page, 'theirs'), []);
  assert.equal(await again[0].page.$eval('.composer', (row) => row.checkVisibility()), false);
  await press(again[0].page, 'Leave (advised)');
  await reads(eve.page, 'ada left');
  await reads(eve.page, '1 of your messages did not arrive');
  assert.deepEqual(await said(again[0].page, 'theirs'), []);

  // Somebody else in the room of before, whom the words of the new key let in.
  const back = await open(t, browser, room, { profile: ada.context });
  await enter(back);
  await reads(back.page, 'Waiting for the other person');
  const zoe = await stranger(t, browser, room, MARKUP);
  await reads(back.page, 'SOMEBODY ELSE IS HERE');
  await shown(zoe.page, '.chat');
  await say(zoe.page, 'let me in');
  await back.page.click('.alarm summary');
  await write(back.page, 'input[name=trust]', 'one two three four five six');
  await press(back.page, 'Let it in');
  await reads(back.page, 'not these words of the new key');
  assert.deepEqual(await said(back.page, 'theirs'), []);
  const [asked, key] = await back.page.evaluate(() => [
    document.querySelector('.alarm label').textContent.match(/\d+/g).map(Number),
    [...document.querySelectorAll('.alarm ol:last-of-type li')].map((word) => word.textContent),
  ]);
  await write(back.page, 'input[name=trust]', asked.map((at) => key[at - 1]).join(' '));
  await press(back.page, 'Let it in');
  await heard(back.page, 'let me in');
  await delivered(zoe.page);
  assert.equal(await back.page.$('.chat b'), null);
  await leave(back);

  // Forgotten, all of it.
  const last = await open(t, browser, url, { profile: ada.context });
  await press(last.page, 'Forget');
  await reads(last.page, 'Forgotten.');
  assert.deepEqual(await kept(last), NOTHING);
  assert.equal(await last.page.$eval('input[name=name]', (name) => name.value), '');
  for (const opened of [ada, bea, ...again, second, eve, back, zoe, last]) await sound(opened);
});

inEach('without being asked a browser keeps nothing of a chat', async (t, browser) => {
  const mediator = await startMediator(t, '--relay', '--page-host', INSECURE);
  const bea = await stranger(t, browser, mediator.url, MARKUP);
  const ada = await stranger(t, browser, await inviteOf(bea.page), 'ada');
  await shown(bea.page, '.chat');
  await reads(ada.page, MARKUP);
  await say(bea.page, '<script>alert(1)</script>');
  await heard(ada.page, '<script>alert(1)</script>');
  for (const opened of [bea, ada]) {
    assert.deepEqual(await kept(opened), NOTHING);
    assert.equal(await opened.page.$('body b, body script'), null);
    await sound(opened);
  }
  // Where anybody could alter the page it does not offer to.
  const there = await open(t, browser, `http://${INSECURE}:${mediator.port}`);
  await shown(there.page, '.start');
  assert.equal(await there.page.$('.memory'), null);
  await until(there.page, () => document.body.innerText.includes('unencrypted'));
});

inEach('what was secret is not in the core any more once it is over', async (t, browser) => {
  const { url } = await startMediator(t, '--relay');
  const ada = await open(t, browser, url);
  await join(ada.page, 'ada');
  const invite = await inviteOf(ada.page);
  const [secret] = decodeURIComponent(invite).split('#').slice(-1);
  const isGone = (secret) => !new TextDecoder('latin1').decode(window.core.buffer).includes(secret);
  assert.equal(await ada.page.evaluate(isGone, secret), false);
  const bob = await stranger(t, browser, invite, 'bob');
  for (const { page } of [ada, bob]) await shown(page, '.chat');
  await leave(ada);
  await reads(bob.page, 'ada left');
  for (const { page } of [ada, bob]) await until(page, isGone, secret);
});
