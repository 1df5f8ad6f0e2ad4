// A mediator that is hostile to the page: whatever it says, the page names a reason, counts what was
// spent, goes on where that makes sense, and runs nothing.

import assert from 'node:assert/strict';
import { inEach, inOne, open } from './lib/browsers.mjs';
import { pairing, startHostile } from './lib/hostile.mjs';
import { delivered, heard, inviteOf, join, reads, said, say, shown, sound, until } from './lib/page.mjs';
import { startMediator, within } from './lib/programs.mjs';

const MARKUP = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const WAITING = { type: 'waiting', expires_in: 600 };
const REFUSED = 'refused';
const UNREACHABLE = 'Cannot reach the mediator';

/** What it answers to `join`, and what the page says to that. */
const ANSWERS = [
  ['no JSON', 'garbage', REFUSED],
  ['markup', MARKUP, REFUSED],
  ['null', 'null', REFUSED],
  ['a list', [WAITING], REFUSED],
  ['a type that is none', { type: 7 }, REFUSED],
  ['a type of an object', { type: 'constructor' }, REFUSED],
  ['no role', { type: 'paired', offer: 'AAAA' }, REFUSED],
  ['no OFFER', { type: 'paired', role: 'host' }, REFUSED],
  ['an OFFER that is none', { type: 'paired', role: 'host', offer: '\u0000' }, REFUSED],
  ['a short OFFER', { type: 'paired', role: 'host', offer: 'AAAA' }, 'altered the messages'],
  ['a long OFFER', { type: 'paired', role: 'guest', offer: 'A'.repeat(4000) }, 'altered the messages'],
  ['a message of 8 MiB', { ...WAITING, more: 'x'.repeat(8 << 20) }, REFUSED],
  ['SEALED before anybody came', { type: 'sealed', data: 'AAAA' }, REFUSED],
  ['a relay before anybody came', { type: 'relaying' }, REFUSED],
  ['bytes before a relay', Buffer.alloc(64), REFUSED],
  ['an error with markup', { type: 'error', code: MARKUP, message: `no: ${MARKUP}` }, MARKUP],
  ['an error that turns text', { type: 'error', code: 'full', message: 'a\u202eb\u0007c\u001b[31m' }, 'refused: a'],
  ['an error of wrong types', { type: 'error', code: {}, message: [1], retry_after: '9' }, REFUSED],
  ['a version that is none', { type: 'error', code: 'version', message: MARKUP }, 'do not fit together'],
  ['another tab', { type: 'error', code: 'room-busy', message: '' }, 'Another tab of yours'],
  ['an end', undefined, UNREACHABLE],
];

/** No element but the page's own came of it, and nothing ran. */
async function textOnly(page) {
  assert.equal(await page.$('img, body script, iframe, object'), null);
  const text = await page.evaluate(() => document.body.innerText);
  assert.doesNotMatch(text, /[\u0000-\u0008\u000e-\u001f\u202a-\u202e\u2066-\u2069]/);
}

/** Back to the first screen, from wherever the page is. */
async function anew(page) {
  const back = () => [...document.querySelectorAll('button')].find(({ textContent }) => ['Stop waiting', 'New line'].includes(textContent));
  await until(page, () => document.querySelector('.start') || document.querySelector('.ended, .waiting'));
  if (!(await page.$('.start'))) await page.evaluate(`(${back})().click()`);
  await shown(page, '.start');
}

inEach('whatever a mediator answers, the page says why and goes on', async (t, browser) => {
  const hostile = await startHostile(t, await startMediator(t));
  hostile.serve = () => {};
  const opened = await open(t, browser, hostile.url);
  const { page } = opened;
  const alerts = [];
  page.on('dialog', (dialog) => (alerts.push(dialog.message()), dialog.dismiss()));
  for (const [name, answer, why] of ANSWERS) {
    hostile.serve = async (guest) => {
      await guest.hear();
      if (answer === undefined) guest.close();
      else if (Buffer.isBuffer(answer)) guest.relay(answer);
      else guest.say(answer);
    };
    // The name stands there from the second time on.
    if (answer === ANSWERS[0][1]) await join(page, 'ada');
    else await page.$eval('.ask .main', (button) => button.click());
    await reads(page, why).catch((error) => assert.fail(`${name}: ${error.message}`));
    await textOnly(page);
    await anew(page);
  }
  assert.deepEqual(alerts, []);
  await sound(opened);
});

inEach('three attempts that somebody spent end the invite', async (t, browser) => {
  const hostile = await startHostile(t, await startMediator(t));
  const opened = await open(t, browser, hostile.url);
  const { page } = opened;
  const came = [];
  let told = () => {};
  hostile.serve = async (guest) => {
    const joined = await guest.hear();
    came.push([guest, joined?.offer]);
    told();
  };
  async function next() {
    if (!came.length) await within('a guest', new Promise((comes) => (told = comes)));
    return came.shift();
  }
  await join(page, 'ada');
  // Its own OFFER, reflected: nothing of ours is out, and nothing is counted.
  let [guest, offer] = await next();
  guest.say({ type: 'paired', role: 'guest', offer, relay: true });
  // By now it is one that somebody else could have sent.
  const spend = async (then, why) => {
    [guest] = await next();
    guest.say({ type: 'paired', role: 'guest', offer, relay: true });
    assert.equal((await within('SEALED', guest.hear())).type, 'sealed');
    guest.say(then);
    await reads(page, why);
  };
  await spend({ type: 'paired', role: 'host', offer, relay: true }, '2 left for this invite');
  await spend({ type: 'sealed', data: 'A'.repeat(683) }, '1 left for this invite');
  await spend({ type: 'relaying' }, 'Three attempts failed: this invite is dead');
  // Another invite has attempts of its own.
  await anew(page);
  await join(page, 'ada');
  await spend({ type: 'peer-left' }, '2 left for this invite');
  await textOnly(page);
  await sound(opened);
});

inEach('times that no clock has do not make the page hurry', async (t, browser) => {
  const hostile = await startHostile(t, await startMediator(t));
  const opened = await open(t, browser, hostile.url);
  const { page } = opened;
  for (const [answer, reading] of [
    [{ type: 'error', code: 'full', message: '', retry_after: 2 ** 40 }, 'Try again in'],
    [{ ...WAITING, reseat: 2 ** 40 }, 'Waiting for the other person'],
  ]) {
    hostile.guests = 0;
    hostile.serve = async (guest) => {
      await guest.hear();
      guest.say(answer);
    };
    await join(page, 'ada');
    await reads(page, reading);
    // Longer than a timer of no time, and than a way to the mediator and back.
    for (let n = 0; n < 5; n += 1) await page.evaluate(() => fetch('/app.css').then((css) => css.text()).then(() => new Promise((later) => setTimeout(later, 20))));
    assert.equal(hostile.guests, 1, reading);
    await anew(page);
  }
  // A thousand of them are one.
  hostile.serve = async (guest) => {
    await guest.hear();
    for (let n = 0; n < 1000; n += 1) guest.say(WAITING);
    guest.say({ type: 'error', code: 'full', message: 'the thousandth' });
  };
  await join(page, 'ada');
  await reads(page, 'the thousandth');
  await sound(opened);
});

// It takes as long as the page waits, in either browser.
inOne('a mediator that says nothing is said to be out of reach', async (t, browser) => {
  const mediator = await startMediator(t);
  const steps = [
    [undefined, UNREACHABLE],
    [() => {}, UNREACHABLE],
    [async (guest) => guest.say({ type: 'paired', role: 'guest', offer: await another(), relay: true }), 'broke off'],
  ];
  // All at once: each takes as long as the page waits.
  await Promise.all(steps.map(async ([serve, why]) => {
    const hostile = await startHostile(t, mediator);
    hostile.serve = serve;
    const opened = await open(t, browser, hostile.url);
    await join(opened.page, 'ada');
    await reads(opened.page, why);
    await sound(opened);
  }));

  /** An OFFER as another page makes it. */
  async function another() {
    const hostile = await startHostile(t, mediator);
    const offered = new Promise((offer) => (hostile.serve = async (guest) => offer((await guest.hear()).offer)));
    const { page } = await open(t, browser, hostile.url);
    await join(page, 'eve');
    return offered;
  }
});

// The core sees to that, and it is the same in both.
inOne('what is altered between two pages is noticed, and nothing is lost', async (t, browser) => {
  const hostile = await startHostile(t, await startMediator(t));
  const flip = (text) => {
    const bytes = Buffer.from(text, 'base64url');
    bytes[bytes.length >> 1] ^= 1;
    return bytes.toString('base64url');
  };
  const meet = async (alter) => {
    hostile.serve = pairing(alter);
    const ada = await open(t, browser, hostile.url, { relayed: true });
    await join(ada.page, 'ada');
    const bea = await open(t, browser, await inviteOf(ada.page), { relayed: true });
    await join(bea.page, 'bea');
    return [ada, bea];
  };
  let altered;
  const last = (data) => Buffer.concat([data.subarray(0, -1), Buffer.of(data.at(-1) ^ 1)]);
  const [ada, bea] = await meet({ bytes: (data) => (altered ? (altered = false, last(data)) : data) });
  for (const { page } of [ada, bea]) await shown(page, '.chat');
  await say(ada.page, 'one');
  await heard(bea.page, 'one');
  altered = true;
  await say(ada.page, 'two');
  await heard(bea.page, 'two');
  assert.equal(altered, false);
  await reads(bea.page, 'Back. Same identity');
  await say(bea.page, 'three');
  await heard(ada.page, 'three');
  await Promise.all([ada, bea].map(({ page }) => delivered(page)));
  assert.deepEqual(await said(bea.page, 'theirs'), ['one', 'two']);

  const [eve, fay] = await meet({ sealed: flip });
  for (const { page } of [eve, fay]) await reads(page, 'this invite is dead');
  const [gus, hal] = await meet({ offer: flip });
  await Promise.any([gus, hal].map(({ page }) => reads(page, 'altered the messages')));
  for (const opened of [ada, bea, eve, fay, gus, hal]) await sound(opened);
});
