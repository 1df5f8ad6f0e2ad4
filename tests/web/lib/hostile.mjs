// A mediator that serves the real page, and at the rendezvous does what a test says: a WebSocket server
// (RFC 6455) that is told each byte.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [TEXT, BINARY, CLOSE] = [1, 2, 8];

/** A frame of a server, which is not masked. */
function frame(opcode, payload) {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = head.length === 2 ? length : head.length === 4 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** One page at the rendezvous. */
class Guest {
  #socket;
  #bytes = Buffer.alloc(0);
  #came = [];
  #next;
  /** Takes binary messages, once a test wants them. */
  relayed = () => {};

  constructor(socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (data) => this.#take(data));
    socket.on('close', () => this.#tell(undefined));
  }

  #take(data) {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    for (;;) {
      const bytes = this.#bytes;
      if (bytes.length < 2) return;
      const short = bytes[1] & 0x7f;
      const at = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (bytes.length < at + 4) return;
      const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
      if (bytes.length < at + 4 + length) return;
      const mask = bytes.subarray(at, at + 4);
      const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length).map((byte, n) => byte ^ mask[n % 4]));
      this.#bytes = bytes.subarray(at + 4 + length);
      const opcode = bytes[0] & 0x0f;
      if (opcode === TEXT) this.#tell(JSON.parse(payload));
      if (opcode === BINARY) this.relayed(payload);
      if (opcode === CLOSE) this.#socket.end(frame(CLOSE, payload));
    }
  }

  #tell(message) {
    if (this.#next) this.#next(message);
    else this.#came.push(message);
    this.#next = undefined;
  }

  /** The next message of the page's; undefined once it is gone. */
  hear() {
    if (this.#came.length) return Promise.resolve(this.#came.shift());
    return new Promise((next) => (this.#next = next));
  }

  /** Says this, which need not be JSON. */
  say(message) {
    this.#socket.write(frame(TEXT, Buffer.from(typeof message === 'string' ? message : JSON.stringify(message))));
  }

  relay(bytes) {
    this.#socket.write(frame(BINARY, bytes));
  }

  close() {
    this.#socket.end(frame(CLOSE, Buffer.alloc(0)));
  }
}

/**
 * At a free port of 127.0.0.1; the page comes from `mediator`. `hostile.serve` is called with each guest;
 * where it is undefined, a WebSocket is never answered.
 */
export async function startHostile(t, mediator) {
  const hostile = { guests: 0, serve: undefined };
  const sockets = new Set();
  const server = createServer(({ url, method }, answer) => {
    const onward = request({ host: '127.0.0.1', port: mediator.port, path: url, method, headers: { 'accept-encoding': 'gzip' } }, (came) => {
      answer.writeHead(came.statusCode, came.headers);
      came.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    onward.end();
  });
  server.on('upgrade', ({ headers }, socket) => {
    sockets.add(socket);
    hostile.guests += 1;
    socket.on('error', () => {});
    if (!hostile.serve) return;
    const accept = createHash('sha1').update(headers['sec-websocket-key'] + GUID).digest('base64');
    const guest = new Guest(socket);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    void hostile.serve(guest);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  hostile.url = `http://127.0.0.1:${server.address().port}`;
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return hostile;
}

/** Pairs two guests and relays between them, as a mediator does; `alter` sees what goes through. */
export function pairing(alter = {}) {
  const { offer = (text) => text, sealed = (text) => text, bytes = (data) => data } = alter;
  const rooms = new Map();
  return async (guest) => {
    const joined = await guest.hear();
    if (!joined) return;
    guest.offer = joined.offer;
    guest.wants = new Promise((wants) => (guest.want = wants));
    guest.peer = new Promise((found) => (guest.found = found));
    guest.say({ type: 'waiting', expires_in: 600 });
    const waiting = rooms.get(joined.room);
    rooms.set(joined.room, guest);
    if (waiting) {
      rooms.delete(joined.room);
      guest.found(waiting);
      waiting.found(guest);
    }
    // A guest that goes before anybody came leaves its seat.
    const first = guest.hear();
    void first.then((gone) => {
      if (gone === undefined && rooms.get(joined.room) === guest) rooms.delete(joined.room);
    });
    const peer = await guest.peer;
    guest.say({ type: 'paired', role: peer === waiting ? 'guest' : 'host', offer: offer(peer.offer), relay: true });
    for (let message = await first; message; message = await guest.hear()) {
      if (message.type === 'sealed') peer.say({ type: 'sealed', data: sealed(message.data) });
      if (message.type === 'relay') {
        guest.want();
        void peer.wants.then(() => guest.say({ type: 'relaying' }));
        guest.relayed = (data) => peer.relay(bytes(data));
      }
    }
    peer.close();
  };
}
