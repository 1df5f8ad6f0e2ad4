// The core: WebAssembly that takes calls and gives events, as bytes. What is to be sent leaves before
// anybody hears of what happened: an answer from within an event would overtake it, and the other
// end would take the link for tampered with.

import { Kind, Op, Reader, Writer } from './fields';

/** Bytes to the other end. */
export interface Stream {
  send(bytes: Uint8Array): void;
  close(): void;
  /** Bytes that have not left yet. */
  waiting(): number;
}

/** An event of the core's that is no answer to a call. */
export interface Told {
  kind: Kind;
  fields: Reader;
}

interface Exports {
  memory: WebAssembly.Memory;
  ut_input(length: number): number;
  ut_call(now: number): number;
  ut_output(): number;
  ut_deadline(): number;
}

/** So many bytes may wait in a stream before no more is asked of the core … */
const FULL = 256 * 1024;
/** … and it is looked this often, in milliseconds, whether they have left. */
const LOOK_EVERY = 20;

export class Core {
  private readonly streams = new Map<number, Stream>();
  private live: number | undefined;
  private links = 0;
  private alarm: ReturnType<typeof setTimeout> | undefined;
  private looking = false;
  /** Hears what happens, in order, never from within a call. */
  heard: (told: Told) => void = () => {};

  private constructor(private readonly wasm: Exports) {}

  /** Loads it; `integrity` is its hash, as `fetch` takes it. */
  static async load(url: string, integrity: string): Promise<Core> {
    const response = await fetch(url, integrity ? { integrity } : {});
    if (!response.ok) throw new Error(`the mediator did not send the page's core: ${response.status}`);
    let memory: WebAssembly.Memory | undefined;
    const random = (at: number, length: number) => {
      if (memory) crypto.getRandomValues(new Uint8Array(memory.buffer, at, length));
    };
    const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), { env: { random } });
    const wasm = instance.exports as unknown as Exports;
    memory = wasm.memory;
    return new Core(wasm);
  }

  /** Makes a call; gives the fields of the first event of one of these kinds. */
  ask(op: Op, fields: Writer = new Writer(), ...answers: Kind[]): Told | undefined {
    const answered = this.run(new Writer().u8(op).raw(fields.done()).done());
    const at = answered.findIndex((told) => answers.includes(told.kind));
    const [answer] = at < 0 ? [] : answered.splice(at, 1);
    for (const told of answered) queueMicrotask(() => this.heard(told));
    return answer;
  }

  private run(call: Uint8Array): Told[] {
    const input = this.wasm.ut_input(call.length);
    new Uint8Array(this.wasm.memory.buffer, input, call.length).set(call);
    const length = this.wasm.ut_call(performance.now());
    // A copy: the next call writes over it.
    const output = new Uint8Array(this.wasm.memory.buffer, this.wasm.ut_output(), length).slice();
    const told: Told[] = [];
    for (const events = new Reader(output); !events.isAtEnd; ) {
      const kind = events.u8();
      const bytes = events.bytes();
      const event = { kind, fields: new Reader(bytes) };
      if (kind === Kind.Send) this.streams.get(event.fields.u32())?.send(event.fields.rest());
      else if (kind === Kind.Close) this.drop(event.fields.u32());
      else told.push(event);
      if (kind === Kind.Live) this.live = new Reader(bytes).u32();
    }
    this.look();
    this.wake();
    return told;
  }

  private wake(): void {
    clearTimeout(this.alarm);
    const deadline = this.wasm.ut_deadline();
    if (deadline < 0) return;
    this.alarm = setTimeout(() => this.tick(), Math.max(0, deadline - performance.now()));
  }

  /** Time has passed. */
  tick(): void {
    this.ask(Op.Tick, new Writer().u8(this.looking ? 1 : 0));
  }

  /** Where the live link takes no more, the core is told, and again once it does. */
  private look(): void {
    const waiting = () => (this.live === undefined ? 0 : (this.streams.get(this.live)?.waiting() ?? 0));
    if (this.looking || waiting() < FULL) return;
    this.looking = true;
    const timer = setInterval(() => {
      if (waiting() >= FULL / 2) return;
      clearInterval(timer);
      this.looking = false;
      this.tick();
    }, LOOK_EVERY);
    queueMicrotask(() => this.tick());
  }

  /** A stream is open: gives its number. */
  open(stream: Stream): number {
    const link = ++this.links;
    this.streams.set(link, stream);
    this.ask(Op.Open, new Writer().u32(link));
    return link;
  }

  /** Bytes came. */
  bytes(link: number, bytes: Uint8Array): void {
    if (this.streams.has(link)) this.ask(Op.Bytes, new Writer().u32(link).raw(bytes));
  }

  /** The stream is gone. */
  lost(link: number): void {
    if (this.streams.delete(link)) this.ask(Op.Lost, new Writer().u32(link));
  }

  /** Closes all streams but the live one. */
  closePending(): void {
    for (const link of [...this.streams.keys()]) if (link !== this.live) this.drop(link);
  }

  /** Closes all of them. */
  close(): void {
    for (const link of [...this.streams.keys()]) this.drop(link);
  }

  private drop(link: number): void {
    const stream = this.streams.get(link);
    this.streams.delete(link);
    if (this.live === link) this.live = undefined;
    stream?.close();
  }
}
