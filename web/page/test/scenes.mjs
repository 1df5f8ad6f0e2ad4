// Every screen in a state worth looking at: what leads to it, as steps on an opened page.

import { emit } from './harness.mjs';

const words = (text) => text.split(' ');
export const KEY = words('reindeer cannonball drunken Babylon dragnet retraction virus warranty tactics almighty adrift enrollment prowler Virginia berserk existence');
const OTHER = words('repay disruptive orca sardonic revenge Jupiter clamshell Galveston involve surrender briefcase undaunted backfield pharmacy involve Ohio');

export const peer = (more = {}) => ({ name: 'bob', trust: 'invite', key: KEY, ours: words('dragnet retraction virus warranty'), takesFiles: true, ...more });
export const direct = { kind: 'direct', address: '192.168.1.31:40122' };
export const connected = (more = {}, path = direct) => ({ kind: 'connected', peer: peer(more), path, resumed: false });
export const says = (id, text, sent = '2026-11-21T09:14:00Z', resent = false) => ({ kind: 'message', id, text, sent, resent });
export const transfer = (more = {}) => ({
  kind: 'transfer',
  transfer: { id: 1, outgoing: false, title: 'film.mkv', names: [{ name: 'film.mkv' }], files: 1, size: 250_000_000, state: 'offered', done: 0, ...more },
});
export const alarm = (more = {}) => ({
  kind: 'alarm',
  alarm: { cause: 'identity-changed', known: 'bob', lastMet: '2026-11-21T10:00:00Z', wasVerified: true, was: KEY, is: OTHER, ...more },
});
export const INVITE = 'ocean-panda#tiger-velvet-olive-table';

/** From the first screen to that of waiting. */
export async function join(page) {
  await page.type('input[name=name]', 'ada');
  await page.click('.ask .main');
  await page.waitForSelector('.waiting');
  await emit(page, { kind: 'waiting', expiresIn: 600 });
}

export async function meet(page, more, path) {
  await join(page);
  await emit(page, { kind: 'connecting' }, connected(more, path));
  await page.waitForSelector('.chat');
}

export async function say(page, text) {
  await page.type('textarea', text);
  await page.click('.composer .main');
}

async function talk(page) {
  await emit(page, says(1, 'hi, got it?', '2026-11-20T21:52:00Z'));
  await say(page, 'yes, all of it. 好久不见！お元気ですか 👋');
  await emit(page, { kind: 'delivered', upTo: 1 }, says(2, '잘 지내요 🦦'), says(3, 'see https://example.org/notes?q=世界#top\n\nand the two lines below it'));
  await say(page, 'I will read it tonight. Is that the one with the otter?');
  await emit(page, { kind: 'delivered', upTo: 2 });
}

export const scenes = {
  start: { steps: async () => {} },
  invite: { fragment: INVITE, steps: async () => {} },
  waiting: { steps: join },
  chat: {
    steps: async (page) => {
      await meet(page);
      await talk(page);
    },
  },
  relay: {
    steps: async (page) => {
      await meet(page, { trust: 'not-verified' }, { kind: 'relay' });
      await talk(page);
      await emit(page, { kind: 'reconnecting', why: 'no answer for 10 s', queued: 0 });
      await say(page, 'are you there? 🙂');
    },
  },
  verify: {
    steps: async (page) => {
      await meet(page);
      await talk(page);
      await page.click('.trust');
      await page.waitForSelector('.verify');
    },
  },
  verified: {
    steps: async (page) => {
      await meet(page);
      await talk(page);
      await emit(page, { kind: 'trust', peer: peer({ trust: 'verified' }) });
    },
  },
  alarm: {
    steps: async (page) => {
      await meet(page);
      await emit(page, alarm());
      await page.waitForSelector('.alarm');
    },
  },
  files: {
    steps: async (page) => {
      await meet(page, { trust: 'verified' });
      await emit(
        page,
        transfer(),
        transfer({ state: 'moving', done: 117_000_000, rate: 2_800_000 }),
        transfer({ id: 2, outgoing: true, title: 'report.pdf', names: [{ name: 'report.pdf' }], size: 2_100_000, state: 'done', done: 2_100_000 }),
        transfer({ id: 3, title: 'photos and 1 more', files: 13, size: 24_800_000, names: [{ name: 'photos/.nomedia', mark: 'hidden' }, ...[1, 2, 3, 4].map((n) => ({ name: `photos/0${n}.jpg` })), { name: 'install.sh', mark: 'executable' }] }),
      );
    },
  },
  left: {
    steps: async (page) => {
      await meet(page);
      await talk(page);
      await page.type('textarea', 'one more thing before you');
      await emit(page, { kind: 'ended', how: 'peer-left' });
      await page.waitForSelector('.ended');
    },
  },
  failed: {
    steps: async (page) => {
      await join(page);
      await emit(page, { kind: 'ended', how: 'failed', problem: { trouble: 'spent' } });
      await page.waitForSelector('.ended');
    },
  },
};
