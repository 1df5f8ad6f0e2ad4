// The core as a browser runs it, beside tests/vectors/transcript.json: with the same random bytes the
// guest's OFFER is the same, and the host's SEALED opens, but for no flipped bit of it.

import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inEach, open } from './lib/browsers.mjs';
import { startMediator } from './lib/programs.mjs';

const { inputs, outputs } = JSON.parse(readFileSync(new URL('../vectors/transcript.json', import.meta.url)));
const { guest, host } = inputs;

// Calls and events by their numbers, as in web/src/call.rs and web/src/event.rs.
const [ENTER, IDENTITY, OFFER, PAIRED, SEALED, AGREED] = [5, 6, 7, 8, 9, 10];
const [IS_OFFER, IS_SEALED, IS_AGREE, IS_WAYS, IS_FAILED] = [3, 4, 5, 6, 7];

/** An X25519 key of RFC 7748 as Node.js takes it: PKCS 8 (RFC 8410) around its 32 bytes. */
const secretKey = (hex) =>
  createPrivateKey({ key: Buffer.from(`302e020100300506032b656e04220420${hex}`, 'hex'), format: 'der', type: 'pkcs8' });
const publicKey = (key) => createPublicKey(key);
const raw = (key) => key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');

const text = (text) => {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length.toString('hex') + bytes.toString('hex');
};
const op = (number, ...fields) => number.toString(16).padStart(2, '0') + fields.join('');

/** In the page: runs calls through the core, which draws these bytes; the events of each, in hex. */
async function run(drawn, calls) {
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  let memory;
  let queue = [];
  const random = (at, length) => {
    const next = queue.shift() ?? new Uint8Array(length);
    if (next.length !== length) throw new Error(`${length} bytes are drawn, not ${next.length}`);
    new Uint8Array(memory.buffer, at, length).set(next);
  };
  const core = await (await fetch('/core.wasm')).arrayBuffer();
  const { instance } = await WebAssembly.instantiate(core, { env: { random } });
  const { ut_input, ut_call, ut_output } = instance.exports;
  ({ memory } = instance.exports);
  const all = [];
  for (const call of calls) {
    if (call === 'draw') {
      queue = drawn.map(bytes);
      continue;
    }
    const input = bytes(call);
    const at = ut_input(input.length); // Memory may grow, which gives it another buffer.
    new Uint8Array(memory.buffer, at, input.length).set(input);
    const length = ut_call(1000);
    const output = new DataView(memory.buffer.slice(ut_output(), ut_output() + length));
    const events = [];
    for (let at = 0; at < length; ) {
      const size = output.getUint32(at + 1);
      events.push([output.getUint8(at), hex(new Uint8Array(output.buffer, at + 5, size))]);
      at += 5 + size;
    }
    all.push(events);
  }
  return all;
}

inEach('the guest of the transcript says and opens what it must', async (t, browser) => {
  const mediator = await startMediator(t);
  const { page } = await open(t, browser, mediator.url);
  const identity = secretKey(guest.identity);
  const theirs = publicKey(secretKey(host.ephemeral));
  const shared = diffieHellman({ privateKey: identity, publicKey: theirs }).toString('hex');
  // The scalar is drawn as 64 bytes, and reduced.
  const drawn = [guest.cpace_scalar + '00'.repeat(32), guest.ephemeral, guest.nonce, guest.unused];
  const flipped = outputs.sealed_a.replace(/^../, (byte) => (parseInt(byte, 16) ^ 1).toString(16).padStart(2, '0'));
  const begin = [
    op(ENTER, text(guest.name), text(`${inputs.room}#${inputs.secret}`)),
    op(IDENTITY, raw(publicKey(identity))),
    'draw',
    op(OFFER),
    op(PAIRED, '42', lengthed(outputs.offer_a), '00', '00'),
  ];
  for (const sealed of [outputs.sealed_a, flipped]) {
    const calls = [...begin, op(SEALED, sealed), op(AGREED, raw(theirs), shared)];
    const [, , [offer], [ours], [opened], [ways]] = await page.evaluate(run, drawn, calls);
    assert.deepEqual(offer, [IS_OFFER, outputs.tag + '00' + outputs.offer_b]);
    assert.equal(ours[0], IS_SEALED);
    assert.equal(ours[1].length / 2, 512);
    if (sealed === flipped) {
      assert.equal(opened[0], IS_FAILED);
      continue;
    }
    assert.deepEqual(opened, [IS_AGREE, raw(theirs)]);
    // No browser, no ICE, no UDP: it listens by TCP.
    assert.deepEqual(ways, [IS_WAYS, '000000']);
  }
});

function lengthed(hex) {
  return (hex.length / 2).toString(16).padStart(8, '0') + hex;
}
