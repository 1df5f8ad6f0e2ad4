// A line that is cut and comes back: the mediator goes and returns, the other end is killed or hidden,
// the page is reloaded. What was said arrives once and in its order, or it is said that it did not.

import assert from 'node:assert/strict';
import { inEach, inOne, open } from './lib/browsers.mjs';
import { delivered, heard, inviteOf, join, reads, said, say, shown, sound, until } from './lib/page.mjs';
import { startMediator, startMediatorAt, startTerminal } from './lib/programs.mjs';

/** A terminal that is to have no direct path. */
const RELAY = ['--relay', 'always', '--hide-ip'];
const RELAYED = { relayed: true };

/** A terminal waits, and the page comes to it. */
async function withTerminal(t, browser, mediator) {
  const ada = startTerminal(t, { mediator, name: 'ada', room: 'amber-falcon#cedar-otter', flags: RELAY });
  const bea = await open(t, browser, (await ada.event('waiting')).invite, RELAYED);
  await join(bea.page, 'bea');
  await shown(bea.page, '.chat');
  await ada.event('connected');
  return [ada, bea];
}

/** Two pages, by relay. */
async function withPage(t, browser, mediator) {
  const ada = await open(t, browser, mediator.url, RELAYED);
  await join(ada.page, 'ada');
  const bea = await open(t, browser, await inviteOf(ada.page), RELAYED);
  await join(bea.page, 'bea');
  for (const { page } of [ada, bea]) await shown(page, '.chat');
  return [ada, bea];
}

const lost = (page) => until(page, () => document.querySelector('.chat .state').textContent.startsWith('looking for'));

inEach('a mediator that goes and comes back loses nothing of page and terminal', async (t, browser) => {
  const mediator = await startMediator(t, '--relay');
  const [ada, bea] = await withTerminal(t, browser, mediator);
  ada.say('t1');
  await heard(bea.page, 't1');
  await say(bea.page, 'p1');
  await ada.event('message', ({ text }) => text === 'p1');
  await delivered(bea.page);
  await mediator.kill();
  await Promise.all([lost(bea.page), ada.event('reconnecting')]);
  for (const n of [2, 3]) {
    ada.say(`t${n}`);
    await say(bea.page, `p${n}`);
  }
  await reads(bea.page, '2 queued');
  assert.equal(await bea.page.$$eval('.message.pending', (all) => all.length), 2);
  await startMediatorAt(t, { address: '127.0.0.1', port: mediator.port }, '--relay');
  await reads(bea.page, 'Back. Same identity');
  await heard(bea.page, 't3');
  assert.deepEqual(await said(bea.page, 'theirs'), ['t1', 't2', 't3']);
  for (const [id, text] of [[2, 'p2'], [3, 'p3']]) {
    const message = await ada.event('message');
    assert.deepEqual([message.id, message.text], [id, text]);
  }
  await delivered(bea.page);
  await ada.event('delivered', ({ id }) => id === 3);
  await reads(bea.page, 'All that you said has arrived');
  await sound(bea);
});

// Two pages are the same program twice, and the path is the WebSocket's.
inOne('a mediator that goes and comes back loses nothing of two pages', async (t, browser) => {
  const mediator = await startMediator(t, '--relay');
  const both = await withPage(t, browser, mediator);
  const [ada, bea] = both.map(({ page }) => page);
  await say(ada, 'one');
  await heard(bea, 'one');
  await mediator.kill();
  await Promise.all([ada, bea].map(lost));
  for (const page of [ada, bea]) for (const text of ['two', 'three']) await say(page, text);
  await startMediatorAt(t, { address: '127.0.0.1', port: mediator.port }, '--relay');
  for (const page of [ada, bea]) await heard(page, 'three');
  await Promise.all([ada, bea].map(delivered));
  assert.deepEqual(await said(bea, 'theirs'), ['one', 'two', 'three']);
  assert.deepEqual(await said(ada, 'theirs'), ['two', 'three']);
  for (const opened of both) await sound(opened);
});

inOne('a terminal that is killed is sought, and what it did not get is kept', async (t, browser) => {
  const [ada, bea] = await withTerminal(t, browser, await startMediator(t, '--relay'));
  ada.kill();
  await lost(bea.page);
  await say(bea.page, 'are you there?');
  await reads(bea.page, '1 queued');
  // Whoever leaves then is told what did not arrive.
  await bea.page.click('.bar .leave');
  await reads(bea.page, 'Leave all the same?');
  await bea.page.click('.question .main');
  await reads(bea.page, '1 of your messages did not arrive');
  await sound(bea);
});

inEach('a page that is reloaded in mid-chat asks first, and says goodbye where it can', async (t, browser, kind) => {
  const [ada, { page }] = await withTerminal(t, browser, await startMediator(t, '--relay'));
  await say(page, 'hello');
  await ada.event('message');
  await delivered(page);
  const asked = new Promise((asks) => page.on('dialog', (dialog) => (asks(dialog.type()), dialog.accept())));
  // A browser asks where somebody has used the page.
  await page.click('textarea');
  await Promise.all([page.reload(), asked]);
  assert.equal(await asked, 'beforeunload');
  // Firefox cuts the connections of a page before the page hears that it goes: there is no goodbye.
  if (kind === 'firefox') await ada.event('reconnecting');
  else {
    assert.equal((await ada.event('left')).reason, 'quit');
    assert.equal(await ada.exit(), 0);
  }
  await shown(page, '.start');
  assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /hello|amber/, 'nothing of it is kept');
});

inEach('what comes while the page is hidden is acknowledged once it is seen', async (t, browser) => {
  const [ada, { page, context, seen }] = await withTerminal(t, browser, await startMediator(t, '--relay'));
  ada.say('seen');
  await ada.event('delivered', ({ id }) => id === 1);
  await page.bringToFront();
  const other = await context.newPage();
  await other.bringToFront();
  await until(page, () => document.visibilityState === 'hidden');
  ada.say('unseen');
  ada.say('unseen too');
  await until(page, () => document.title === '(2) undertone');
  // An answer of the page's overtakes nothing: were they acknowledged, it would have been before.
  await page.evaluate(() => {
    const text = document.querySelector('textarea');
    text.value = 'busy elsewhere';
    text.form.requestSubmit();
  });
  await ada.event('message', ({ text }) => text === 'busy elsewhere');
  ada.say('/who');
  assert.equal((await ada.event('who')).queued, 2);
  await other.close();
  await page.bringToFront();
  await ada.event('delivered', ({ id }) => id === 3);
  await until(page, () => document.title === 'undertone');
  await sound({ seen });
});
