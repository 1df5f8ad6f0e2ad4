// Files that come, without a browser: what is kept of them, and that it is never more than is taken,
// whatever a sender announces.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const { Files } = await load('line/files.ts');
const { Kind, Op, Reader, Writer } = await load('line/fields.ts');

const MOST = 4 * 1024 ** 3;
const TOO_LARGE = 6;

/** What was asked of a core, what was told, and what was saved; `came` hands in an event. */
function begin() {
  const [asked, told, saved] = [[], [], []];
  const core = { ask: (op, fields = new Writer()) => void asked.push([op, new Reader(fields.done())]) };
  const files = new Files(core, ({ transfer }) => told.push(transfer), (name, file) => saved.push([name, file]));
  const came = (kind, fill) => files.take({ kind, fields: new Reader(fill(new Writer().u32(7)).done()) });
  const offered = (count, size) => came(Kind.Offered, (to) => to.u8(0).text('a').number(count).number(size).u8(0));
  const cancelled = () => asked.filter(([op]) => op === Op.Cancel).map(([, fields]) => [fields.u32(), fields.u8()]);
  const accepted = () => asked.some(([op]) => op === Op.Answer);
  return { files, told, saved, came, offered, cancelled, accepted };
}

test('a file is kept with its holes, the one at its end too', async () => {
  const { files, saved, came, offered } = begin();
  offered(1, 12);
  files.answer(7, true);
  came(Kind.Begin, (to) => to.text('folder/a').number(12));
  came(Kind.Write, (to) => to.number(0).raw(new Uint8Array([1, 2])));
  came(Kind.Write, (to) => to.number(6).raw(new Uint8Array([3, 4])));
  came(Kind.End, (to) => to.u8(0));
  came(Kind.Whole, (to) => to);
  const [[name, file]] = saved;
  assert.equal(name, 'folder - a');
  assert.deepEqual([...new Uint8Array(await file.arrayBuffer())], [1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0]);
});

test('more bytes or files than are taken are refused when they are accepted', () => {
  for (const [count, size] of [[1, MOST + 1], [1001, 1]]) {
    const { files, told, came, offered, cancelled, accepted } = begin();
    offered(count, size);
    files.answer(7, true);
    assert.deepEqual(cancelled(), [[7, TOO_LARGE]]);
    assert.ok(!accepted());
    came(Kind.Outcome, (to) => to.u8(TOO_LARGE));
    assert.match(told.at(-1).why, /4 GiB and 1000 files/);
  }
  const { files, offered, cancelled, accepted } = begin();
  offered(1000, MOST);
  files.answer(7, true);
  assert.ok(accepted() && cancelled().length === 0);
});

test('what does not say how much it is ends at what is taken, a hole of any size too', () => {
  for (const hole of [MOST, 2 ** 52]) {
    for (const kind of [Kind.Write, Kind.End]) {
      const { files, saved, came, offered, cancelled } = begin();
      offered(2, -1);
      files.answer(7, true);
      came(Kind.Begin, (to) => to.text('a').number(kind === Kind.End ? hole + 1 : 0));
      came(Kind.Write, (to) => to.number(0).raw(new Uint8Array([1])));
      if (kind === Kind.Write) came(kind, (to) => to.number(hole).raw(new Uint8Array([1])));
      else came(kind, (to) => to.u8(0));
      assert.deepEqual(cancelled(), [[7, TOO_LARGE]]);
      // What is still on its way is not kept.
      came(Kind.Begin, (to) => to.text('b').number(0));
      came(Kind.Write, (to) => to.number(0).raw(new Uint8Array([1])));
      came(Kind.Outcome, (to) => to.u8(TOO_LARGE));
      came(Kind.Whole, (to) => to);
      assert.deepEqual(saved, []);
    }
  }
});

test('of files that are left out ten are named', () => {
  const { told, came, offered, files, saved } = begin();
  offered(12, 0);
  files.answer(7, true);
  for (let n = 0; n < 12; n++) {
    came(Kind.Begin, (to) => to.text(`f${n}`).number(0));
    came(Kind.End, (to) => to.u8(2));
  }
  came(Kind.Whole, (to) => to);
  assert.deepEqual(saved, []);
  assert.match(told.at(-1).why, /f0, .*f9 and 2 more$/);
});
