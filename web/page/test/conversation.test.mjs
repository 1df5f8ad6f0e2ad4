// What a conversation counts and forgets, without a browser: the core and the mediator are played.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const { TheLine } = await load('line/line.ts');
const { Kind, Op, Reader, Writer } = await load('line/fields.ts');

globalThis.location = new URL('http://mediator.example:7700/');
let gathered = () => {};
globalThis.RTCPeerConnection = class {
  createDataChannel = () => ({});
  setLocalDescription = () => new Promise((done) => (gathered = done));
  close = () => {};
};

const ROOM = { shown: 'lab', hasSecret: true, link: 'http://mediator.example/#lab#otter', command: '' };
const PAIRED = { type: 'paired', role: 'host', offer: 'AAAA', relay: false };
const told = (kind, fill = (to) => to) => ({ kind, fields: new Reader(fill(new Writer()).done()) });
const peer = (name, key) => told(Kind.Peer, (to) => to.text(name).raw(new Uint8Array(32).fill(key)).text('a b').text('c d').u32(0));

/** A core that pairs with whoever comes. */
function core() {
  const asked = [];
  return {
    asked,
    heard: () => {},
    ask(op) {
      asked.push(op);
      if (op === Op.Offer) return told(Kind.Offer, (to) => to.raw(new Uint8Array(32)).u8(0).raw(new Uint8Array(8)));
      if (op === Op.Verify) return told(Kind.Verdict, (to) => to.u8(0));
      if (op === Op.Paired) return told(Kind.Sealed, (to) => to.raw(new Uint8Array(8)));
    },
    close: () => {},
    closePending: () => {},
  };
}

/** A mediator whose guests are handed out as they come. */
function mediator() {
  const [came, waiting] = [[], []];
  globalThis.WebSocket = class {
    static OPEN = 1;
    readyState = 1;
    constructor() {
      setTimeout(() => this.onopen?.());
    }
    send(text) {
      const said = JSON.parse(text);
      const guest = { type: said.type, say: (answer) => this.onmessage?.({ data: JSON.stringify(answer) }) };
      const next = waiting.shift();
      if (next) next(guest);
      else came.push(guest);
    }
    close() {}
  };
  return async (type) => {
    const guest = came.shift() ?? (await new Promise((comes) => waiting.push(comes)));
    assert.equal(guest.type, type);
    return guest;
  };
}

function line(core) {
  const heard = [];
  const memory = { agree: () => Promise.reject(new Error()), judge: ({ name }) => ({ name }), met: async () => {} };
  return [new TheLine(core, (event) => heard.push(event), memory), heard];
}

/** Somebody comes, and our SEALED is out. */
async function sealed(next) {
  (await next('join')).say(PAIRED);
  return next('sealed');
}

const spent = (heard) => heard.filter(({ kind }) => kind === 'remark').map(({ problem }) => problem.left);

test('a meeting gives an invite all of its attempts back', async () => {
  const played = core();
  const next = mediator();
  const [theLine, heard] = line(played);
  theLine.join(ROOM, 'ada');
  for (let n = 0; n < 2; n++) (await sealed(next)).say({ type: 'peer-left' });
  // Somebody shows who they are; the link breaks before it counts.
  const third = await sealed(next);
  played.heard(peer('bob', 1));
  third.say({ type: 'peer-left' });
  (await sealed(next)).say({ type: 'peer-left' });
  await next('join');
  assert.deepEqual(spent(heard), [2, 1, 3, 2]);
  theLine.leave();
});

test('an attempt that its person stops is spent once SEALED is out, and not before', async () => {
  const next = mediator();
  const [theLine, heard] = line(core());
  for (let n = 0; n < 3; n++) {
    theLine.join(ROOM, 'ada');
    await next('join');
    theLine.leave();
  }
  for (let n = 0; n < 3; n++) {
    theLine.join(ROOM, 'ada');
    await sealed(next);
    theLine.leave();
  }
  theLine.join(ROOM, 'ada');
  await new Promise((done) => setTimeout(done));
  assert.equal(heard.at(-1).problem.trouble, 'spent');
});

test('who stops and joins again at once has one seat, and what was before is forgotten', async () => {
  const played = core();
  const next = mediator();
  const [theLine] = line(played);
  theLine.join(ROOM, 'ada');
  (await next('join')).say(PAIRED);
  // It gathers addresses, and is stopped amid that.
  theLine.leave();
  theLine.join(ROOM, 'ada');
  assert.ok(played.asked.includes(Op.Forget));
  const again = await next('join');
  gathered();
  again.say(PAIRED);
  await next('sealed');
  const asked = (op) => played.asked.filter((each) => each === op).length;
  assert.deepEqual([asked(Op.Enter), asked(Op.Offer), asked(Op.Paired)], [2, 2, 1]);
  theLine.leave();
});

test('who comes before there is a session is shown as who it is', async () => {
  const played = core();
  const next = mediator();
  const [theLine, heard] = line(played);
  theLine.join(ROOM, 'ada');
  const first = await sealed(next);
  played.heard(peer('bob', 1));
  first.say({ type: 'peer-left' });
  await sealed(next);
  played.heard(peer('eve', 2));
  theLine.verify('c d');
  const { kind, peer: who } = heard.at(-1);
  assert.deepEqual([kind, who.name, who.trust], ['trust', 'eve', 'verified']);
  theLine.leave();
});
