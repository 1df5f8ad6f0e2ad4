// The line to one person, through all of its links: the first meeting, what is said, the way back after
// a cut, and from the relay to a direct path.

import type { Alarm, Event, Line, Path, Peer, Problem, Room, Trouble } from '../types';
import { Attempt, type Made, type Miss } from './attempt';
import type { Core, Told } from './core';
import { hexadecimal, Kind, Op, Reader, Writer } from './fields';
import { Files } from './files';
import type { Newcomer, PageMemory } from './memory';

/** So many attempts may fail before an invite is dead. */
const ATTEMPTS = 3;
/** Wrong words may be typed so often. */
const TRIES = 2;
/** Pauses between tries, in milliseconds: doubled each time, ± 25 %. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [200, 10_000];
/** After so many seconds on a relay a direct path is looked for; then each minute. */
const UPGRADE_AFTER = [5, 30, 60];
/** A goodbye has so long to leave, in milliseconds. */
const FAREWELL = 1000;
/** Bytes of a message at most. */
const LONGEST = 16 * 1024;

/** The feature of taking files, and what the core says of why an attempt failed. */
const FILES = 1 << 2;
const FAILURES: readonly Trouble[] = ['secret', 'older', 'newer', 'identity', 'broken'];

export class TheLine implements Line {
  readonly longest = LONGEST;
  private room: Room | undefined;
  private attempt: Attempt | undefined;
  private stop = new AbortController();
  private wakened: (() => void) | undefined;
  private name = '';
  private peer: Peer | undefined;
  /** Who came, as it is remembered, … */
  private newcomer: Newcomer | undefined;
  /** … and, while there is an alarm, whom that is about. */
  private instead: string | undefined;
  private alarm: Alarm | undefined;
  /** How many attempts of each invite were spent, by its link. */
  private readonly spent = new Map<string, number>();
  private wrongWords = 0;
  private said = 0;
  private delivered = 0;
  private running: Promise<unknown> = Promise.resolve();
  private upgradeTimer: ReturnType<typeof setTimeout> | undefined;
  private over = true;
  /** A link counted before, … */
  private wasConnected = false;
  /** … and is sought again. */
  private seeking = false;
  private farewell: ReturnType<typeof setTimeout> | undefined;
  private readonly files: Files;
  /** Numbers of what was told, and whether a screen says when it is shown. */
  private unshown: { id: number; onScreen: boolean }[] = [];

  constructor(
    private readonly core: Core,
    private readonly heard: (event: Event) => void,
    readonly memory: PageMemory,
  ) {
    core.heard = (told) => this.take(told);
    this.files = new Files(core, heard);
  }

  safe(text: string, lines: 'one' | 'many' = 'one'): string {
    const call = new Writer().u8(lines === 'many' ? 1 : 0).text(text);
    return this.core.ask(Op.Safe, call, Kind.Value)?.fields.text() ?? '';
  }

  readRoom(text: string): Room | Problem {
    return this.told(this.core.ask(Op.ReadRoom, new Writer().text(text), Kind.Room, Kind.Refused, Kind.Elsewhere));
  }

  makeRoom(): Room {
    return this.told(this.core.ask(Op.MakeRoom, new Writer(), Kind.Room)) as Room;
  }

  private told(told: Told | undefined): Room | Problem {
    if (told?.kind === Kind.Elsewhere) return { trouble: 'elsewhere', detail: told.fields.text() };
    if (told?.kind !== Kind.Room) return { trouble: 'room', detail: told?.fields.text() ?? '' };
    const { fields } = told;
    const [hasSecret, shown, link] = [fields.u8() === 1, fields.text(), fields.text()];
    return { shown, hasSecret, link, command: `undertone chat '${link}'` };
  }

  checkName(name: string): string | undefined {
    return this.core.ask(Op.CheckName, new Writer().text(name), Kind.Refused)?.fields.text();
  }

  join(room: Room, name: string): void {
    if (!this.over) return;
    this.room = room;
    this.over = false;
    this.peer = undefined;
    this.wrongWords = this.said = this.delivered = 0;
    clearTimeout(this.farewell);
    this.core.close();
    this.name = name;
    this.newcomer = this.instead = this.alarm = undefined;
    this.core.ask(Op.Identity, new Writer().raw(this.memory.identity ?? new Uint8Array()));
    this.core.ask(Op.Enter, new Writer().text(name).text(room.link));
    if (this.left > 0) void this.meet();
    else queueMicrotask(() => this.end({ kind: 'ended', how: 'failed', problem: { trouble: 'spent', left: 0 } }));
  }

  /** How many attempts the invite has left. */
  private get left(): number {
    return ATTEMPTS - (this.spent.get(this.room?.link ?? '') ?? 0);
  }

  /** Attempts, until a link counts or nothing more is to be tried. */
  private async meet(): Promise<void> {
    let pause = FIRST_PAUSE;
    while (!this.over) {
      const begun = performance.now();
      const made = await this.reach(false);
      if (this.over) return;
      if ('link' in made) return this.connected(made);
      if (made.why === 'reseat') continue;
      const problem = this.missed(made);
      if (problem) return this.end({ kind: 'ended', how: 'failed', problem });
      if (performance.now() - begun > LONGEST_PAUSE) pause = FIRST_PAUSE;
      const asked = made.why === 'mediator' && made.retryAfter ? made.retryAfter * 1000 : 0;
      await this.rest(Math.max(asked, pause * (0.75 + Math.random() / 2)));
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  private async reach(directOnly: boolean): Promise<Made | Miss> {
    // One at a time: the core has one.
    this.stop.abort();
    await this.running;
    this.stop = new AbortController();
    const attempt = new Attempt(this.core, {
      directOnly,
      stop: this.stop.signal,
      agree: (theirs) => this.memory.agree(theirs),
      waiting: (expiresIn) => {
        if (!this.peer) this.heard({ kind: 'waiting', expiresIn });
      },
      paired: () => {
        if (!this.peer) this.heard({ kind: 'connecting' });
      },
    });
    this.attempt = attempt;
    const made = attempt.run();
    this.running = made;
    return made;
  }

  /** What a miss means: the end, or, `undefined`, another try. */
  private missed(miss: Miss): Problem | undefined {
    const waiting = this.peer !== undefined;
    switch (miss.why) {
      case 'stopped':
      case 'reseat':
        return undefined;
      case 'mediator':
        return this.mediator(miss, waiting);
      default: {
        const trouble = miss.why === 'failed' ? (FAILURES[miss.code] ?? 'broken') : miss.why === 'left' ? 'slow' : miss.why;
        const detail = miss.why === 'failed' && trouble === 'broken' ? { detail: miss.detail } : {};
        // Of a session that goes on nothing is counted.
        if (waiting || !this.room) return undefined;
        if (miss.spent) this.spent.set(this.room.link, ATTEMPTS - this.left + 1);
        if (this.left <= 0) return { trouble: 'spent', ...detail, left: 0 };
        if (trouble === 'older' || trouble === 'newer') return { trouble };
        this.heard({ kind: 'remark', problem: { trouble, ...detail, ...(miss.spent && { left: this.left }) } });
        return undefined;
      }
    }
  }

  private mediator(miss: Miss & { why: 'mediator' }, waiting: boolean): Problem | undefined {
    const retry = miss.retryAfter === undefined ? {} : { retryIn: miss.retryAfter };
    const detail = miss.message ? { detail: miss.message } : {};
    switch (miss.code) {
      case 'version':
        return { trouble: 'mediator-version' };
      case 'room-busy':
        return { trouble: 'room-busy' };
      case 'unreachable':
      case 'closed':
      case 'shutting-down':
        if (!waiting) this.heard({ kind: 'remark', problem: { trouble: 'mediator-unreachable', ...retry } });
        return undefined;
      case 'expired':
        return undefined;
      default:
        if (!waiting) this.heard({ kind: 'remark', problem: { trouble: 'mediator-refused', ...detail, ...retry } });
        return undefined;
    }
  }

  private async connected(made: Made): Promise<void> {
    this.seeking = false;
    const path = await way(made);
    // Lost again meanwhile, or left.
    if (this.over || this.seeking) return;
    const resumed = this.wasConnected;
    this.wasConnected = true;
    if (this.peer) this.heard({ kind: 'connected', peer: this.peer, path, resumed });
    this.files.linked(true);
    if (this.alarm && !resumed) this.heard({ kind: 'alarm', alarm: this.alarm });
    if (!this.instead) this.core.ask(Op.Unblock);
    clearTimeout(this.upgradeTimer);
    if (made.relay) this.upgrade(0);
  }

  /** From a relay to a direct path: one attempt at a time. */
  private upgrade(nth: number): void {
    const seconds = UPGRADE_AFTER[Math.min(nth, UPGRADE_AFTER.length - 1)] ?? 60;
    this.upgradeTimer = setTimeout(async () => {
      if (this.over || this.seeking) return;
      const made = await this.reach(true);
      if (this.over || this.seeking) return;
      if (!('link' in made)) return this.upgrade(nth + 1);
      this.heard({ kind: 'path', path: await way(made) });
    }, seconds * 1000);
  }

  private take({ kind, fields }: Told): void {
    // What still comes while a goodbye leaves is nobody's any more.
    if (this.over) return;
    if (this.files.take({ kind, fields })) return;
    switch (kind) {
      case Kind.Live:
        return this.attempt?.tell({ link: fields.u32() });
      case Kind.Failed:
        return this.attempt?.tell({ code: fields.u8(), detail: fields.text() });
      case Kind.Peer:
        return this.met(fields);
      case Kind.Lost:
        return void this.lost(fields.text());
      case Kind.Text: {
        const [id, sent, resent, text] = [fields.number(), fields.number(), fields.u8() === 1, fields.text()];
        this.unshown.push({ id, onScreen: true });
        return this.heard({ kind: 'message', id, text, sent: new Date(sent), resent });
      }
      case Kind.Seq:
        this.unshown.push({ id: fields.number(), onScreen: false });
        return this.acknowledge(0);
      case Kind.Delivered:
        this.delivered = fields.number();
        return this.heard({ kind: 'delivered', upTo: this.delivered });
      case Kind.Unstable:
        return this.heard({ kind: 'unstable', unstable: fields.u8() === 1 });
      case Kind.Withheld:
        return this.heard({ kind: 'withheld' });
      case Kind.Left:
        return this.end({ kind: 'ended', how: 'peer-left' });
      case Kind.PeerFailed:
        return this.end({ kind: 'ended', how: 'peer-failed' });
      case Kind.Broken: {
        const problem = { trouble: 'broken' as const, detail: fields.text() };
        return this.end({ kind: 'ended', how: 'failed', problem });
      }
      case Kind.Agree:
        return void this.renew(fields.rest());
      default:
        return;
    }
  }

  /** Fresh keys for the live link, where the browser keeps our key. */
  private async renew(theirs: Uint8Array): Promise<void> {
    const shared = await this.memory.agree(theirs);
    this.core.ask(Op.Agreed, new Writer().raw(theirs).raw(shared));
    shared.fill(0);
  }

  private met(fields: Reader): void {
    const called = fields.text();
    const raw = hexadecimal(fields.raw(32)).join('');
    const [key, ours] = [fields.words(), fields.words()];
    const takesFiles = (fields.u32() & FILES) !== 0;
    if (this.peer) {
      this.peer = { ...this.peer, ours };
      return;
    }
    const proved = this.room?.hasSecret ? 'invite' : 'not-verified';
    this.newcomer = { key: raw, name: called, trust: proved, words: key, room: this.room?.shown ?? '' };
    const judged = this.memory.judge(this.newcomer);
    if ('cause' in judged) {
      this.peer = { name: called, trust: proved, key, ours, takesFiles };
      [this.instead, this.alarm] = [judged.known, judged];
      return;
    }
    const trust = judged.trust === 'verified' ? 'verified' : proved;
    this.newcomer = { ...this.newcomer, name: judged.name, trust };
    this.peer = { name: judged.name, trust, key, ours, takesFiles };
    this.remember();
  }

  private remember(instead?: string): void {
    if (this.newcomer) void this.memory.met(this.newcomer, this.name, instead);
  }

  /** The alarm is over: who is there is heard. */
  private letIn(trust: Peer['trust']): void {
    if (!this.peer || !this.newcomer) return;
    const name = this.instead ?? this.peer.name;
    this.peer = { ...this.peer, trust };
    this.newcomer = { ...this.newcomer, trust, ...(this.instead && { name }) };
    this.remember(this.instead);
    this.instead = undefined;
    this.core.ask(Op.Unblock);
    this.heard({ kind: 'trust', peer: this.peer });
  }

  private async lost(why: string): Promise<void> {
    if (this.over || this.seeking) return;
    this.seeking = true;
    clearTimeout(this.upgradeTimer);
    this.files.linked(false);
    this.heard({ kind: 'reconnecting', why, queued: this.said - this.delivered });
    await this.meet();
  }

  /** Waits, unless there is a reason not to. */
  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakened = () => {
        clearTimeout(timer);
        resolve();
      };
      this.stop.signal.addEventListener('abort', () => this.wakened?.(), { once: true });
    });
  }

  wake(): void {
    this.core.tick();
    this.attempt?.poke();
    this.wakened?.();
  }

  say(text: string): number | undefined {
    const call = new Writer().number(Date.now()).text(text);
    const value = this.core.ask(Op.Say, call, Kind.Value)?.fields;
    if (!value || value.isAtEnd) return undefined;
    this.said = value.number();
    return this.said;
  }

  shown(id: number): void {
    this.acknowledge(id);
  }

  /** Everything up to this message is shown, and with it what has no place on a screen. */
  private acknowledge(upTo: number): void {
    let last: number | undefined;
    for (let next = this.unshown[0]; next && (next.id <= upTo || !next.onScreen); next = this.unshown[0]) {
      last = next.id;
      this.unshown.shift();
    }
    if (last !== undefined) this.core.ask(Op.Shown, new Writer().number(last));
  }

  verify(heard: string): void {
    const verdict = this.core.ask(Op.Verify, new Writer().text(heard), Kind.Verdict)?.fields.u8();
    if (!this.peer || verdict === undefined) return;
    if (verdict === 0) return this.letIn('verified');
    const how = verdict === 1 ? 'own' : verdict === 2 ? 'no-words' : 'differ';
    if (how === 'differ') this.wrongWords += 1;
    if (this.wrongWords >= TRIES) {
      this.goodbye();
      return this.end({ kind: 'ended', how: 'failed', problem: { trouble: 'wrong-words' } });
    }
    this.heard({ kind: 'words-differ', how });
  }

  trust(): void {
    if (this.instead) this.letIn(this.newcomer?.trust ?? 'not-verified');
  }

  offer(files: readonly File[]): void {
    const why = this.files.offer(files);
    if (why) this.heard({ kind: 'remark', problem: { trouble: 'not-offered', detail: why } });
  }

  accept(transfer: number): void {
    this.files.answer(transfer, true);
  }

  reject(transfer: number): void {
    this.files.answer(transfer, false);
  }

  cancel(transfer: number): void {
    this.files.cancel(transfer);
  }

  leave(): void {
    if (this.over) return;
    this.goodbye();
    this.end({ kind: 'ended', how: 'left' });
  }

  private goodbye(): void {
    this.core.ask(Op.Leave);
  }

  private end(event: Event & { kind: 'ended' }): void {
    if (this.over) return;
    this.over = true;
    this.seeking = this.wasConnected = false;
    this.stop.abort();
    clearTimeout(this.upgradeTimer);
    this.files.end();
    this.unshown = [];
    this.farewell = setTimeout(() => this.core.close(), FAREWELL);
    this.heard(event);
  }
}

/** How a link goes, as far as the browser tells. */
async function way({ relay, ice }: Made): Promise<Path> {
  const address = await ice?.address();
  return { kind: relay ? 'relay' : 'direct', ...(address && { address }) };
}
