// A seat at the mediator: the WebSocket, and the messages of PROTOCOL.md §3 on it.

import { fromBase64, pieces, toBase64 } from './fields';
import type { Stream } from './core';

/** Version of the agreement with the mediator. */
const VERSION = 1;
/** Longest binary message of a relayed pair, in bytes. */
const RELAY_MESSAGE = 16 * 1024;
/** How long a connection may take, in milliseconds. */
const CONNECT_WITHIN = 10_000;
/** Longest message of the mediator's, in characters. */
const LONGEST = 4 * 1024;
/** So many messages may wait to be heard. */
const MOST = 16;
/** No time that a mediator names is longer, in seconds; a timer of a browser holds it. */
const LONGEST_TIME = 24 * 3600;

/** What a mediator says. */
export type Heard =
  | { type: 'waiting'; expiresIn: number; reseat?: number; stun?: number }
  | { type: 'paired'; role: 'A' | 'B'; offer: Uint8Array; relay: boolean; stun?: number }
  | { type: 'sealed'; data: Uint8Array }
  | { type: 'relaying' }
  | { type: 'peer-left' }
  | { type: 'error'; code: string; message: string; retryAfter?: number }
  | { type: 'closed' };

/** The mediator could not be reached. */
export class Unreachable extends Error {}

/** A connection to the mediator, for one room. */
export class Seat implements Stream {
  private readonly queue: Heard[] = [];
  private next: ((heard: Heard) => void) | undefined;
  private relayed: ((bytes: Uint8Array | undefined) => void) | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = () => this.tell({ type: 'closed' });
  }

  /** Connects to the mediator of this page. */
  static open(tag: Uint8Array): Promise<Seat> {
    const url = new URL('/v1/rendezvous', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('t', (tag[0] ?? 0).toString(16).padStart(2, '0'));
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      const timer = setTimeout(() => fail(), CONNECT_WITHIN);
      const fail = () => {
        clearTimeout(timer);
        socket.onclose = null;
        socket.close();
        reject(new Unreachable());
      };
      socket.onopen = () => {
        clearTimeout(timer);
        resolve(new Seat(socket));
      };
      socket.onclose = fail;
    });
  }

  join(tag: Uint8Array, offer: Uint8Array, again: boolean): void {
    const join = { type: 'join', v: VERSION, room: toBase64(tag), offer: toBase64(offer) };
    this.say(again ? { ...join, again } : join);
  }

  sealed(data: Uint8Array): void {
    this.say({ type: 'sealed', data: toBase64(data) });
  }

  relay(): void {
    this.say({ type: 'relay' });
  }

  /** The pair is connected: the mediator forgets it, and hangs up. */
  done(): void {
    this.say({ type: 'done' });
    setTimeout(() => this.close(), 1000);
  }

  private say(message: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** The next message; one at a time is asked for. */
  hear(): Promise<Heard> {
    const heard = this.queue.shift();
    if (heard) return Promise.resolve(heard);
    return new Promise((resolve) => (this.next = resolve));
  }

  /** From now on it carries bytes; `undefined` is the end of them. */
  carry(relayed: (bytes: Uint8Array | undefined) => void): void {
    this.relayed = relayed;
  }

  private take(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      if (!this.relayed) return this.fail();
      return this.relayed(new Uint8Array(data));
    }
    const heard = read(String(data));
    if (!heard || this.queue.length >= MOST) return this.fail();
    this.tell(heard);
  }

  private fail(): void {
    this.tell({ type: 'error', code: 'bad-request', message: '' });
    this.close();
  }

  private tell(heard: Heard): void {
    if (this.relayed) {
      this.relayed(undefined);
      return;
    }
    if (this.next) this.next(heard);
    else this.queue.push(heard);
    this.next = undefined;
  }

  send(bytes: Uint8Array): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    for (const piece of pieces(bytes, RELAY_MESSAGE)) this.socket.send(piece);
  }

  waiting(): number {
    return this.socket.bufferedAmount;
  }

  close(): void {
    this.socket.onclose = null;
    this.socket.onmessage = null;
    this.socket.close();
    this.tell({ type: 'closed' });
  }
}

/** Reads a message; undefined where it is none of this agreement. */
function read(data: string): Heard | undefined {
  if (data.length > LONGEST) return undefined;
  let message: Record<string, unknown>;
  try {
    message = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null) return undefined;
  const whole = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined);
  const seconds = (value: unknown) => (typeof value === 'number' && value >= 0 ? Math.min(Math.ceil(value), LONGEST_TIME) : undefined);
  const stun = whole(message['stun']);
  switch (message['type']) {
    case 'waiting': {
      const reseat = seconds(message['reseat']);
      const waiting = { type: 'waiting' as const, expiresIn: seconds(message['expires_in']) ?? 600 };
      return { ...waiting, ...(reseat && { reseat }), ...(stun && { stun }) };
    }
    case 'paired': {
      const offer = fromBase64(message['offer']);
      const role = message['role'] === 'host' ? 'A' : message['role'] === 'guest' ? 'B' : undefined;
      if (!offer || !role) return undefined;
      return { type: 'paired', role, offer, relay: message['relay'] === true, ...(stun && { stun }) };
    }
    case 'sealed': {
      const sealed = fromBase64(message['data']);
      return sealed && { type: 'sealed', data: sealed };
    }
    case 'relaying':
    case 'peer-left':
      return { type: message['type'] };
    case 'error': {
      const retryAfter = seconds(message['retry_after']);
      const error = { type: 'error' as const, code: String(message['code']), message: String(message['message'] ?? '') };
      return { ...error, ...(retryAfter !== undefined && { retryAfter }) };
    }
    default:
      return undefined;
  }
}
