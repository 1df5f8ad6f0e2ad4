// The wording: every trouble has its reason and its remedy, and sizes and times read as the terminal's.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const words = await load('ui/words.ts');

/** Read from the contract, so that none is left out here. */
export async function troubles() {
  const types = await readFile(new URL('../src/types.ts', import.meta.url), 'utf8');
  const [, list] = types.match(/export type Trouble =(.*?);\n\n/s);
  return [...list.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, trouble]) => trouble);
}

test('every trouble has a reason and a remedy of its own', async () => {
  const all = await troubles();
  assert.ok(all.includes('room') && all.includes('internal') && all.length > 15, String(all));
  const reasons = new Set();
  for (const trouble of all) {
    const { reason, remedy } = words.advice({ trouble, detail: 'why\u202e' }, 'm.example', (text) => text.replace('\u202e', '<U+202E>'));
    assert.match(reason, /^[A-Z].{10,}\.$/, trouble);
    assert.match(remedy, /^[A-Z].{10,}\.$/, trouble);
    assert.ok(!reason.includes('\u202e'), trouble);
    reasons.add(reason);
  }
  assert.equal(reasons.size, all.length);
});

test('a time to try again stands in place of the remedy, and attempts are counted', () => {
  const advice = (problem) => words.advice(problem, 'm.example', (text) => text).remedy;
  assert.equal(advice({ trouble: 'mediator-refused', retryIn: 30 }), 'Try again in 30 s.');
  assert.equal(advice({ trouble: 'mediator-refused', retryIn: 600 }), 'Try again in 10 min.');
  assert.match(advice({ trouble: 'secret', left: 2 }), /This attempt is spent; 2 left for this invite\.$/);
});

test('sizes and times', () => {
  for (const [n, text] of [[0, '0 B'], [999, '999 B'], [1000, '1.0 kB'], [2_190_000, '2.1 MB'], [250_000_000, '250 MB'], [99_999, '99.9 kB'], [1e15, '1.0 PB']]) assert.equal(words.bytes(n), text);
  for (const [s, text] of [[0, '0:00'], [47.9, '0:47'], [600, '10:00'], [3661, '1:01:01']]) assert.equal(words.clock(s), text);
});
