// Files between pages and terminals: both ways, two at once, declined, cancelled by either, changed
// under way; and names that would be markup, or lead elsewhere.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { inEach, inOne, open } from './lib/browsers.mjs';
import { inviteOf, join, press, reads, shown, sound, until } from './lib/page.mjs';
import { startMediator, startTerminal } from './lib/programs.mjs';

const MARKUP = '<img src=x onerror=alert(1)>.txt';
/** As it is kept: some systems have no such names. */
const SAFE = '_img src=x onerror=alert(1)_.txt';
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A folder with files of these sizes; gives where each is. */
function folder(t, sizes) {
  const root = mkdtempSync(path(tmpdir(), 'undertone-web-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(path(root, 'into'));
  const at = { into: path(root, 'into') };
  for (const [name, size] of Object.entries(sizes)) {
    at[name] = path(root, name);
    writeFileSync(at[name], randomBytes(size));
  }
  return at;
}

/** Keeps what the page hands to the browser's downloads: name, hash. */
async function keepDownloads({ page }) {
  await page.evaluate(() => {
    window.got = [];
    const made = new Map();
    const create = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      const url = create(blob);
      made.set(url, blob);
      return url;
    };
    HTMLAnchorElement.prototype.click = async function () {
      const bytes = new Uint8Array(await made.get(this.href).arrayBuffer());
      window.got.push([this.download, Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')]);
    };
  });
}

async function downloads({ page }, count) {
  await until(page, (count) => window.got.length === count, count);
  const got = await page.evaluate(() => window.got);
  return Object.fromEntries(got.map(([name, bytes]) => [name, hash(Buffer.from(bytes, 'hex'))]));
}

/** Offers these at the page. */
async function offer({ page }, ...files) {
  const picker = await page.$('.composer input[type=file]');
  await picker.uploadFile(...files);
}

/** Waits for a card with this title that stands so. */
const card = ({ page }, title, state) =>
  until(page, (title, state) => [...document.querySelectorAll('.card')].some((card) => card.querySelector('h2').textContent.includes(title) && card.dataset.state === state), title, state);

/** A page in a chat with a terminal. */
async function meet(t, browser, relayed) {
  const mediator = await startMediator(t, '--relay');
  const flags = relayed ? ['--relay', 'always', '--hide-ip'] : ['--relay', 'always'];
  const ada = startTerminal(t, { mediator, name: 'ada', room: 'amber-falcon#cedar-otter', flags });
  const bea = await open(t, browser, (await ada.event('waiting')).invite, { relayed });
  await keepDownloads(bea);
  await join(bea.page, 'bea');
  await shown(bea.page, '.chat');
  await ada.event('connected');
  return [ada, bea];
}

const file = (terminal, state, direction, name) => terminal.event('file', (event) => event.state === state && event.direction === direction && (!name || event.name === name));

inEach('files go both ways between page and terminal, two at once', async (t, browser) => {
  const [ada, bea] = await meet(t, browser, false);
  const at = folder(t, { 'one.bin': 200_000, 'two.bin': 100_000, 'three.bin': 150_000, [MARKUP]: 10 });
  ada.say(`/send ${at['one.bin']}`);
  await card(bea, 'one.bin', 'offered');
  ada.say(`/send '${at[MARKUP]}'`);
  await card(bea, MARKUP, 'offered');
  await press(bea.page, 'Accept');
  await press(bea.page, 'Accept');
  const came = await downloads(bea, 2);
  assert.deepEqual(came, { 'one.bin': hash(readFileSync(at['one.bin'])), [SAFE]: hash(readFileSync(at[MARKUP])) });
  await file(ada, 'done', 'out');
  await file(ada, 'done', 'out');

  await offer(bea, at['two.bin']);
  await offer(bea, at['three.bin'], at[MARKUP]);
  const offers = [await file(ada, 'offered', 'in'), await file(ada, 'offered', 'in')];
  for (const { id } of offers) ada.say(`/accept ${id} ${at.into}`);
  const paths = [await file(ada, 'done', 'in'), await file(ada, 'done', 'in')].flatMap(({ paths }) => paths);
  // Several go into a folder of their own.
  const saved = paths.flatMap((each) => (statSync(each).isDirectory() ? readdirSync(each).map((name) => path(each, name)) : [each]));
  await card(bea, 'two.bin', 'done');
  assert.ok(saved.length === 3 && saved.every((each) => each.startsWith(at.into)), saved.join());
  const hashes = saved.map((each) => hash(readFileSync(each)));
  for (const name of ['two.bin', 'three.bin', MARKUP]) {
    assert.ok(hashes.includes(hash(readFileSync(at[name]))), `${name} of ${saved}`);
  }
  assert.equal(await bea.page.$('img'), null);
  await sound(bea);
});

inEach('an offer is declined or cancelled from either side, before or under way', async (t, browser) => {
  // By relay, which carries slowly: it is under way for long.
  const [ada, bea] = await meet(t, browser, true);
  const at = folder(t, { 'no.bin': 10, 'big.bin': 24 << 20, 'large.bin': 24 << 20, 'gone.bin': 24 << 20 });
  ada.say(`/send ${at['no.bin']}`);
  await card(bea, 'no.bin', 'offered');
  await press(bea.page, 'Decline');
  assert.equal((await file(ada, 'failed', 'out')).outcome, 'declined');
  await offer(bea, at['no.bin']);
  ada.say(`/reject ${(await file(ada, 'offered', 'in')).id}`);
  await card(bea, 'no.bin', 'refused');

  // Under way, by whoever sends and by whoever receives, which each is once.
  ada.say(`/send ${at['big.bin']}`);
  await card(bea, 'big.bin', 'offered');
  await press(bea.page, 'Accept');
  await file(ada, 'progress', 'out');
  await press(bea.page, 'Cancel');
  const cancelled = await file(ada, 'failed', 'out');
  assert.deepEqual([cancelled.outcome, cancelled.by_peer], ['cancelled', true]);
  await card(bea, 'big.bin', 'cancelled');
  await offer(bea, at['large.bin']);
  const { id } = await file(ada, 'offered', 'in');
  ada.say(`/accept ${id} ${at.into}`);
  await file(ada, 'progress', 'in');
  ada.say(`/cancel ${id}`);
  await card(bea, 'large.bin', 'cancelled');

  // It changes under way: what is sent is no longer what was offered.
  await offer(bea, at['gone.bin']);
  ada.say(`/accept ${(await file(ada, 'offered', 'in', 'gone.bin')).id} ${at.into}`);
  await file(ada, 'progress', 'in', 'gone.bin');
  writeFileSync(at['gone.bin'], 'something else');
  assert.equal((await file(ada, 'failed', 'in', 'gone.bin')).outcome, 'source');
  await card(bea, 'gone.bin', 'failed');
  await reads(bea.page, 'it changed, or cannot be read');
  assert.deepEqual(await bea.page.evaluate(() => window.got), []);
  await sound(bea);
});

// Between two pages nothing depends on which browser it is.
inOne('files go from page to page by name alone', async (t, browser) => {
  const mediator = await startMediator(t, '--relay');
  const ada = await open(t, browser, mediator.url);
  await join(ada.page, 'ada');
  const bea = await open(t, browser, await inviteOf(ada.page));
  await keepDownloads(bea);
  await join(bea.page, 'bea');
  for (const { page } of [ada, bea]) await shown(page, '.chat');
  // Names of a hostile page: a browser's own picker has none of them.
  const give = (name) =>
    ada.page.evaluate((name) => {
      const data = new DataTransfer();
      data.items.add(new File(['content'], name));
      const picker = document.querySelector('.composer input[type=file]');
      Object.defineProperty(picker, 'files', { value: data.files, configurable: true });
      picker.dispatchEvent(new Event('change'));
    }, name);
  for (const name of ['..', '.', '']) {
    await give(name);
    await reads(ada.page, 'Nothing was offered');
    await ada.page.$$eval('.problem', (all) => all.forEach((each) => each.remove()));
  }
  assert.equal(await bea.page.$('.card'), null);
  for (const [name, as] of [[MARKUP, SAFE], ['.profile', 'profile'], ['a\u202egpj.exe', undefined]]) {
    await give(name);
    await shown(bea.page, '.card .main');
    await bea.page.click('.card .main');
    const got = Object.keys(await downloads(bea, 1))[0];
    assert.doesNotMatch(got, /[\u202a-\u202e\u2066-\u2069/\\]/, name);
    if (as) assert.ok(got.endsWith(as), `${name} as ${got}`);
    await bea.page.evaluate(() => (window.got = []));
    await until(ada.page, () => [...document.querySelectorAll('.card')].every((card) => card.dataset.state === 'done'));
  }
  const text = await bea.page.evaluate(() => document.body.innerText);
  assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069]/);
  assert.equal(await bea.page.$('img'), null);
  for (const opened of [ada, bea]) await sound(opened);
});
