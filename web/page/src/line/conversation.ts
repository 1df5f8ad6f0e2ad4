// One conversation, from its seat in a room until it is over: who is there, what is said, words and
// alarms, through all of its links. What it knows ends with it.

import type { Alarm, Event, Path, Peer, Problem, Room } from '../types';
import type { Core, Told } from './core';
import { hexadecimal, Kind, Op, type Reader, Writer } from './fields';
import { Files } from './files';
import type { Newcomer, PageMemory } from './memory';
import { Reach } from './reach';
import type { Spending } from './spending';

/** Wrong words may be typed so often. */
const TRIES = 2;
/** A goodbye has so long to leave, in milliseconds. */
const FAREWELL = 1000;
/** The feature of taking files. */
const FILES = 1 << 2;

export class Conversation {
  readonly files: Files;
  private readonly reach: Reach;
  private peer: Peer | undefined;
  /** Who came, as it is remembered, … */
  private newcomer: Newcomer | undefined;
  /** … and, while there is an alarm, whom that is about. */
  private instead: string | undefined;
  private alarm: Alarm | undefined;
  private wrongWords = 0;
  private said = 0;
  private delivered = 0;
  private over = false;
  /** There is a session, which outlives its links; … */
  private hasSession = false;
  /** … and that somebody is there was told. */
  private wasConnected = false;
  private farewell: ReturnType<typeof setTimeout> | undefined;
  /** Numbers of what was told, and whether a screen says when it is shown. */
  private unshown: { id: number; onScreen: boolean }[] = [];

  /** Takes a seat once what was `before` has ended. */
  constructor(
    private readonly core: Core,
    private readonly memory: PageMemory,
    private readonly room: Room,
    private readonly name: string,
    private readonly spending: Spending,
    private readonly heard: (event: Event) => void,
    before: Promise<unknown>,
  ) {
    this.files = new Files(core, heard);
    core.ask(Op.Enter, new Writer().text(name).text(room.link));
    core.ask(Op.Identity, new Writer().raw(memory.identity ?? new Uint8Array()));
    const goal = {
      room,
      isFirst: () => !this.hasSession,
      agree: (theirs: Uint8Array) => memory.agree(theirs),
      waiting: (expiresIn: number) => heard({ kind: 'waiting', expiresIn }),
      connecting: () => heard({ kind: 'connecting' }),
      connected: (path: Path) => this.connected(path),
      moved: (path: Path) => heard({ kind: 'path', path }),
      remark: (problem: Problem) => heard({ kind: 'remark', problem }),
      failed: (problem: Problem) => this.end({ kind: 'ended', how: 'failed', problem }),
    };
    this.reach = new Reach(core, spending, goal, before);
    if (spending.left(room) > 0) void this.reach.seek();
    else queueMicrotask(() => goal.failed({ trouble: 'spent', left: 0 }));
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Once the core is free for another one. */
  get ended(): Promise<unknown> {
    return this.reach.ended;
  }

  private connected(path: Path): void {
    const resumed = this.wasConnected;
    this.wasConnected = true;
    if (this.peer) this.heard({ kind: 'connected', peer: this.peer, path, resumed });
    this.files.linked(true);
    if (this.alarm && !resumed) this.heard({ kind: 'alarm', alarm: this.alarm });
    if (!this.instead) this.core.ask(Op.Unblock);
  }

  /** Takes what the core tells. */
  take({ kind, fields }: Told): void {
    // What still comes while a goodbye leaves is nobody's any more.
    if (this.over) return;
    if (this.files.take({ kind, fields })) return;
    switch (kind) {
      case Kind.Live:
        this.hasSession = true;
        return this.reach.tell({ link: fields.u32() });
      case Kind.Failed:
        return this.reach.tell({ code: fields.u8(), detail: fields.text() });
      case Kind.Peer:
        return this.met(fields);
      case Kind.Lost:
        return this.lost(fields.text());
      case Kind.Text: {
        const [id, sent, resent, text] = [fields.number(), fields.number(), fields.u8() === 1, fields.text()];
        this.unshown.push({ id, onScreen: true });
        return this.heard({ kind: 'message', id, text, sent: new Date(sent), resent });
      }
      case Kind.Seq:
        this.unshown.push({ id: fields.number(), onScreen: false });
        return this.shown(0);
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
    if (!this.over) this.core.ask(Op.Agreed, new Writer().raw(theirs).raw(shared));
    shared.fill(0);
  }

  /** Somebody has shown who they are: of a session that goes on, it is who was there before. */
  private met(fields: Reader): void {
    const called = fields.text();
    const raw = hexadecimal(fields.raw(32)).join('');
    const [key, ours] = [fields.words(), fields.words()];
    const takesFiles = (fields.u32() & FILES) !== 0;
    if (this.hasSession && this.peer) {
      this.peer = { ...this.peer, ours };
      return;
    }
    this.spending.succeeded(this.room);
    this.instead = this.alarm = undefined;
    const proved = this.room.hasSecret ? 'invite' : 'not-verified';
    this.newcomer = { key: raw, name: called, trust: proved, words: key, room: this.room.shown };
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

  private lost(why: string): void {
    if (this.reach.isSeeking) return;
    this.files.linked(false);
    this.heard({ kind: 'reconnecting', why, queued: this.said - this.delivered });
    void this.reach.seek();
  }

  wake(): void {
    this.reach.wake();
  }

  say(text: string): number | undefined {
    const call = new Writer().number(Date.now()).text(text);
    const value = this.core.ask(Op.Say, call, Kind.Value)?.fields;
    if (!value || value.isAtEnd) return undefined;
    this.said = value.number();
    return this.said;
  }

  /** Everything up to this message is shown, and with it what has no place on a screen. */
  shown(upTo: number): void {
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
      this.core.ask(Op.Leave);
      return this.end({ kind: 'ended', how: 'failed', problem: { trouble: 'wrong-words' } });
    }
    this.heard({ kind: 'words-differ', how });
  }

  trust(): void {
    if (this.instead) this.letIn(this.newcomer?.trust ?? 'not-verified');
  }

  leave(): void {
    if (this.over) return;
    this.core.ask(Op.Leave);
    this.end({ kind: 'ended', how: 'left' });
  }

  private end(event: Event & { kind: 'ended' }): void {
    if (this.over) return;
    this.over = true;
    this.reach.stop();
    this.files.end();
    this.farewell = setTimeout(() => this.forget(), FAREWELL);
    this.heard(event);
  }

  /** Closes its streams, and has the core forget its keys. */
  forget(): void {
    clearTimeout(this.farewell);
    this.core.close();
    this.core.ask(Op.Forget);
  }
}
