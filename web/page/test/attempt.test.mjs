// What an attempt counts for, without a browser: the core, the mediator and the connection are played.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const { Attempt } = await load('line/attempt.ts');
const { Kind, Op, Reader, Writer } = await load('line/fields.ts');

globalThis.location = new URL('http://mediator.example:7700/');
globalThis.RTCPeerConnection = class {
  createDataChannel = () => ({});
  setLocalDescription = async () => {};
  close = () => {};
};

/** A mediator that says each of these once the client has said something. */
function mediator(...answers) {
  globalThis.WebSocket = class {
    static OPEN = 1;
    readyState = 1;
    constructor() {
      setTimeout(() => this.onopen());
    }
    send() {
      const answer = answers.shift();
      if (answer === 'hang up') this.onclose();
      else if (answer) this.onmessage({ data: typeof answer === 'string' ? answer : JSON.stringify(answer) });
    }
    close() {}
  };
}

const told = (kind, fill) => ({ kind, fields: new Reader(fill(new Writer()).done()) });
const core = {
  ask: (op) => {
    if (op === Op.Offer) return told(Kind.Offer, (to) => to.raw(new Uint8Array(32)).u8(0).raw(new Uint8Array(8)));
    if (op === Op.Paired) return told(Kind.Sealed, (to) => to.raw(new Uint8Array(8)));
    if (op === Op.Sealed) return told(Kind.Agree, (to) => to.raw(new Uint8Array(32)));
  },
  closePending: () => {},
};

function attempt() {
  const hooks = {
    waiting: () => {},
    paired: () => {},
    // As a browser does where nothing is agreed on, for a key of small order.
    agree: () => Promise.reject(new Error('OperationError')),
    spends: () => {},
    directOnly: false,
    stop: new AbortController().signal,
  };
  return new Attempt(core, hooks).run();
}

const paired = { type: 'paired', role: 'host', offer: 'AAAA', relay: false };

test('whatever comes in place of SEALED, the attempt is spent', async () => {
  for (const answer of [
    { type: 'error', code: 'rate-limited', message: '', retry_after: 1 },
    { type: 'error', code: 'shutting-down', message: '' },
    { type: 'peer-left' },
    { type: 'relaying' },
    { type: 'waiting', expires_in: 600 },
    'no message',
    'hang up',
    { type: 'sealed', data: 'AAAA' },
  ]) {
    mediator(paired, answer);
    assert.equal((await attempt()).spent, true, JSON.stringify(answer));
  }
});

test('what goes wrong before our SEALED is out spends nothing', async () => {
  for (const answer of [{ type: 'error', code: 'full', message: '', retry_after: 1 }, 'hang up']) {
    mediator(answer);
    const miss = await attempt();
    assert.deepEqual([miss.why, miss.spent], ['mediator', undefined], JSON.stringify(answer));
  }
});
