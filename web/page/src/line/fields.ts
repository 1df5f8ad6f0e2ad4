// Fields of calls to the core and of its events: big-endian numbers, and texts with their length. What
// they mean is said beside the numbers, in web/src/call.rs and web/src/event.rs.

/** What the core is asked for. */
export enum Op {
  Begin,
  ReadRoom,
  MakeRoom,
  CheckName,
  Safe,
  Enter,
  Identity,
  Offer,
  Paired,
  Sealed,
  Agreed,
  Open,
  Bytes,
  Lost,
  GiveUp,
  Say,
  Shown,
  Unblock,
  Verify,
  Tick,
  Leave,
  Files,
  Answer,
  Cancel,
  Read,
  Took,
  Saved,
  Alike,
  Forget,
}

/** What the core tells. */
export enum Kind {
  Value,
  Refused,
  Room,
  Offer,
  Sealed,
  Agree,
  Ways,
  Failed,
  Send,
  Close,
  Peer,
  Live,
  Lost,
  Text,
  Delivered,
  Unstable,
  Withheld,
  Left,
  PeerFailed,
  Broken,
  Verdict,
  Seq,
  Offered,
  Read,
  Begin,
  Write,
  End,
  Progress,
  Whole,
  Outcome,
  Paused,
  Elsewhere,
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Appends fields. */
export class Writer {
  private parts: Uint8Array[] = [];

  private view(length: number, fill: (view: DataView) => void): this {
    const bytes = new Uint8Array(length);
    fill(new DataView(bytes.buffer));
    return this.raw(bytes);
  }

  u8(value: number): this {
    return this.view(1, (view) => view.setUint8(0, value));
  }

  u32(value: number): this {
    return this.view(4, (view) => view.setUint32(0, value));
  }

  /** A number as it is. */
  number(value: number): this {
    return this.view(8, (view) => view.setFloat64(0, value));
  }

  raw(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  text(text: string): this {
    return this.bytes(encoder.encode(text));
  }

  done(): Uint8Array {
    return joined(this.parts);
  }
}

/** Takes fields from the front. */
export class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly all: Uint8Array) {
    this.view = new DataView(all.buffer, all.byteOffset, all.length);
  }

  get isAtEnd(): boolean {
    return this.at >= this.all.length;
  }

  private skip(length: number): number {
    const at = this.at;
    this.at += length;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.skip(1));
  }

  u32(): number {
    return this.view.getUint32(this.skip(4));
  }

  number(): number {
    return this.view.getFloat64(this.skip(8));
  }

  raw(length: number): Uint8Array {
    const at = this.skip(length);
    return this.all.subarray(at, at + length);
  }

  bytes(): Uint8Array {
    return this.raw(this.u32());
  }

  text(): string {
    return decoder.decode(this.bytes());
  }

  /** Its words. */
  words(): string[] {
    return this.text().split(' ');
  }

  rest(): Uint8Array {
    return this.raw(this.all.length - this.at);
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes in pieces of at most so many. */
export function* pieces(bytes: Uint8Array, most: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += most) yield bytes.slice(at, at + most);
}

/** Each byte as two digits. */
export function hexadecimal(bytes: Uint8Array): string[] {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
}

/** Bytes as base64url without padding, as the mediator's messages have them. */
export function toBase64(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of such a text; undefined where it is none. */
export function fromBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
  } catch {
    return undefined;
  }
}
