// Two pages meet, in every pair of browsers and both orders: the path that is shown, what is said, and
// the words, which each reads to the other.

import assert from 'node:assert/strict';
import { inEach, inPairs, open } from './lib/browsers.mjs';
import { delivered, heard, inviteOf, join, press, reads, said, say, shown, sound, state, until, write } from './lib/page.mjs';
import { startMediator } from './lib/programs.mjs';

/** Words of the list that are nobody's here, but by a chance of one in 2^32. */
const WRONG = 'absurd adroitness absurd amulet';

/** Ada makes a line in one browser, Bea comes in the other; both are in the chat. */
async function meet(t, one, other, mediator) {
  const ada = await open(t, one, mediator.url);
  await join(ada.page, 'ada');
  const bea = await open(t, other, await inviteOf(ada.page));
  await join(bea.page, 'bea');
  await Promise.all([ada, bea].map(({ page }) => shown(page, '.chat')));
  return [ada, bea];
}

/** Opens the comparison; gives the words that are to be read out. */
async function words(page) {
  await page.click('.bar .trust');
  await shown(page, '.verify .words');
  return page.$$eval('.verify .words li', (all) => all.map((word) => word.textContent).join(' '));
}

async function compare(page, heard) {
  await write(page, 'input[name=heard]', heard);
  await press(page, 'Compare');
}

const trust = (page) => page.$eval('.bar .trust', (trust) => trust.textContent);

inPairs('two pages meet, talk and compare words', async (t, one, other, kinds) => {
  const mediator = await startMediator(t, '--relay');
  const [ada, bea] = await meet(t, one, other, mediator);
  const pages = [ada.page, bea.page];

  // Whether a browser finds a way over loopback is its own affair, but for two Chromiums. Where ICE
  // took longer than the relay, the direct path comes some seconds later.
  const kind = (page) => until(page, (kinds) => kinds.includes(document.querySelector('.chat .state').textContent.split(' ')[0]), kinds === 'chromium chromium' ? ['direct'] : ['direct', 'relay']);
  await Promise.all(pages.map(kind));
  for (const page of pages) {
    const [way] = (await state(page)).split(' ');
    if (way === 'relay') await reads(page, 'the mediator carries the chat');
    assert.equal(await trust(page), '◆ via invite');
  }

  const texts = ['hello', '<b>two</b>\u00a0words', '𝄞 ünï'];
  for (const text of texts) {
    await say(ada.page, text);
    await heard(bea.page, text);
    await say(bea.page, `${text}?`);
    await heard(ada.page, `${text}?`);
  }
  await Promise.all(pages.map(delivered));
  assert.deepEqual(await said(bea.page, 'theirs'), texts);
  assert.deepEqual(await said(ada.page, 'theirs'), texts.map((text) => `${text}?`));

  const [adas, beas] = [await words(ada.page), await words(bea.page)];
  assert.notEqual(adas, beas);
  await compare(ada.page, beas.toUpperCase());
  await reads(ada.page, 'bea is verified');
  assert.equal(await trust(ada.page), '✓ verified');
  assert.equal(await trust(bea.page), '◆ via invite', 'each compares for itself');
  await compare(bea.page, WRONG);
  await reads(bea.page, 'One more try');
  await compare(bea.page, adas);
  await reads(bea.page, 'ada is verified');

  await press(bea.page, 'Leave');
  await reads(ada.page, 'bea left');
  await reads(bea.page, 'You left');
  for (const opened of [ada, bea]) await sound(opened);
});

inEach('words that differ twice end the chat, and own words do not', async (t, browser) => {
  const [ada, bea] = await meet(t, browser, browser, await startMediator(t, '--relay'));
  const ours = await words(ada.page);
  for (const nothing of [ours, 'one two three four', ours]) {
    await compare(ada.page, nothing);
    await until(ada.page, () => document.querySelector('input[name=heard]').getAttribute('aria-invalid') === 'true');
    assert.ok(!(await ada.page.$('.ended')), nothing);
  }
  await compare(ada.page, WRONG);
  await reads(ada.page, 'One more try');
  await compare(ada.page, WRONG);
  await reads(ada.page, 'the words did not match twice');
  assert.equal(await ada.page.$('textarea'), null, 'nothing more can be said');
  await reads(bea.page, 'ada left');
  for (const opened of [ada, bea]) await sound(opened);
});
