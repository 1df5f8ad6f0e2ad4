// One attempt to reach the other end: a seat, OFFER and SEALED, then ICE and the relay side by side,
// until the core says that a link counts.

import { Kind, Op, Reader, Writer } from './fields';
import type { Core } from './core';
import { Ice, type Ways } from './ice';
import { Seat, type Heard } from './seat';

/** How long SEALED waits for our addresses, in milliseconds. */
const GATHER_WITHIN = 300;
/** A connection that gathered longer ago is made anew. */
const GATHERED_FOR = 20_000;
/** A seat is renewed so often, and that must be answered in time: a path may have died in silence. */
const RENEW_EVERY = 60_000;
const ANSWER_WITHIN = 10_000;
/** The other's SEALED may take so long. */
const SEALED_WITHIN = 10_000;
/** A direct path has so much of a start before the relay is asked for … */
const RELAY_AFTER = 1500;
/** … and so long in all. */
const ICE_WITHIN = 6000;
/** The other end's person may take so long to agree to a relay. */
const CONSENT_WITHIN = 130_000;
/** An open stream that shows no CONFIRM in so long leads nowhere. */
const CONFIRM_WITHIN = 10_000;

/** Why an attempt failed. */
export type Miss =
  | { why: 'mediator'; code: string; message: string; retryAfter?: number }
  | { why: 'reseat' }
  | { why: 'stopped' }
  /** Somebody came: our SEALED was out, or not. */
  | { why: 'slow' | 'left' | 'no-path' | 'relay-limit'; spent: boolean }
  | { why: 'failed'; code: number; detail: string; spent: boolean };

/** A link, and how it goes. */
export interface Made {
  readonly link: number;
  readonly relay: boolean;
  readonly ice: Ice | undefined;
}

export interface Hooks {
  /** The seat is taken. */
  waiting(expiresIn: number): void;
  /** Somebody came. */
  paired(): void;
  /** What our identity agrees on with their key, where the browser keeps it. */
  agree(theirs: Uint8Array): Promise<Uint8Array>;
  /** Our SEALED is about to go out: from here on it may have been a guess at the secret. */
  spends(): void;
  /** Only a direct path is wanted. */
  readonly directOnly: boolean;
  readonly stop: AbortSignal;
}

class Missed extends Error {
  constructor(readonly miss: Miss) {
    super(miss.why);
  }
}

/** Makes the attempt. What the core says of its link is handed in by `tell`. */
export class Attempt {
  private ice: Ice | undefined;
  private seat: Seat | undefined;
  private spent = false;
  private settle: ((made: { link: number } | Miss) => void) | undefined;
  private readonly relays = new Set<number>();
  /** Looks whether the seat is still there: the page slept, or the network changed. */
  poke: () => void = () => {};

  constructor(
    private readonly core: Core,
    private readonly hooks: Hooks,
  ) {}

  /** The core says that a link counts, or why none will. */
  tell(made: { link: number } | { code: number; detail: string }): void {
    this.settle?.('link' in made ? made : { why: 'failed', ...made, spent: this.spent });
  }

  async run(): Promise<Made | Miss> {
    let made: Made | undefined;
    try {
      made = await this.reach();
      return made;
    } catch (error) {
      if (error instanceof Missed) return error.miss;
      if (this.spent) return { why: 'left', spent: true };
      return { why: 'mediator', code: 'unreachable', message: '' };
    } finally {
      if (!made) {
        this.core.ask(Op.GiveUp);
        this.core.closePending();
        this.ice?.close();
        this.seat?.close();
      }
    }
  }

  private async reach(): Promise<Made> {
    const offered = this.core.ask(Op.Offer, new Writer(), Kind.Offer)?.fields;
    if (!offered) throw new Missed({ why: 'stopped' });
    const [tag, again, offer] = [offered.raw(32), offered.u8() === 1, offered.rest()];
    const opening = Seat.open(tag);
    // Where nobody waits for it any more, it is given up as soon as it is there.
    void opening.then((seat) => this.hooks.stop.aborted && seat.close()).catch(() => {});
    const seat = await this.orStopped(opening);
    this.seat = seat;
    seat.join(tag, offer, again);
    const paired = await this.paired(seat, () => seat.join(tag, offer, true));
    this.hooks.paired();
    if (!this.ice || performance.now() - this.ice.made > GATHERED_FOR) {
      this.ice?.close();
      this.ice = new Ice(paired.stun);
    }
    const ours = await this.orStopped(this.ice.ways(GATHER_WITHIN).catch(() => undefined));
    const sealed = this.sealed(paired.role, paired.offer, ours);
    this.hooks.spends();
    this.spent = true;
    seat.sealed(sealed);
    const theirs = await this.theirs(seat);
    return this.opened(seat, paired, ours && theirs);
  }

  /** Waits in the seat until somebody comes. */
  private async paired(seat: Seat, renew: () => void): Promise<Heard & { type: 'paired' }> {
    let [moved, told] = [false, false];
    const answered = () => setTimeout(() => seat.close(), ANSWER_WITHIN);
    let dead: ReturnType<typeof setTimeout> | undefined = answered();
    let moving: ReturnType<typeof setTimeout> | undefined;
    this.poke = () => {
      renew();
      dead ??= answered();
    };
    const timer = setInterval(() => this.poke(), RENEW_EVERY);
    try {
      for (;;) {
        const heard = await this.orStopped(seat.hear());
        clearTimeout(dead);
        dead = undefined;
        if (heard.type === 'paired') return heard;
        if (moved) throw new Missed({ why: 'reseat' });
        if (heard.type !== 'waiting') throw new Missed(refused(heard));
        this.ice ??= new Ice(heard.stun);
        if (told) continue;
        told = true;
        this.hooks.waiting(heard.expiresIn);
        // The seat is to be taken anew, over another connection.
        const move = () => {
          moved = true;
          seat.close();
        };
        if (heard.reseat) moving = setTimeout(move, heard.reseat * 1000);
      }
    } finally {
      this.poke = () => {};
      [dead, moving].forEach(clearTimeout);
      clearInterval(timer);
    }
  }

  private sealed(role: 'A' | 'B', offer: Uint8Array, ours: Ways | undefined): Uint8Array {
    const call = new Writer().raw(new TextEncoder().encode(role)).bytes(offer);
    if (ours) call.u8(1).raw(ours.fingerprint).text(ours.ufrag).text(ours.password);
    else call.u8(0);
    const udp = ours?.udp ?? [];
    call.u8(udp.length);
    for (const address of udp) call.text(address);
    const answer = this.core.ask(Op.Paired, call, Kind.Sealed, Kind.Failed);
    if (answer?.kind !== Kind.Sealed) throw this.failed(answer?.fields);
    return answer.fields.rest();
  }

  /** Takes their SEALED; gives their ways, where they have some for us. */
  private async theirs(seat: Seat): Promise<Ways | undefined> {
    const heard = await this.within(SEALED_WITHIN, seat.hear());
    // Whatever comes in its place, our SEALED was out: the attempt counts.
    if (heard.type !== 'sealed') throw new Missed({ why: 'left', spent: this.spent });
    let answer = this.core.ask(Op.Sealed, new Writer().raw(heard.data), Kind.Ways, Kind.Agree, Kind.Failed);
    if (answer?.kind === Kind.Agree) {
      const theirs = answer.fields.rest();
      const shared = await this.orStopped(this.hooks.agree(theirs));
      answer = this.core.ask(Op.Agreed, new Writer().raw(theirs).raw(shared), Kind.Ways, Kind.Failed);
      shared.fill(0);
    }
    if (answer?.kind !== Kind.Ways) throw this.failed(answer?.fields);
    const { fields } = answer;
    fields.u8(); // Whether it is a browser: the roles in ICE settle by themselves.
    if (fields.u8() === 0) return undefined;
    const ice = { fingerprint: fields.raw(32), ufrag: fields.text(), password: fields.text() };
    const udp = Array.from({ length: fields.u8() }, () => fields.text());
    return { ...ice, udp };
  }

  /** ICE and the relay, until the core says which counts. */
  private opened(seat: Seat, paired: Heard & { type: 'paired' }, ways: Ways | undefined): Promise<Made> {
    const { ice } = this;
    return new Promise((resolve, reject) => {
      let open = 0;
      let asked: 'no' | 'asked' | 'refused' = 'no';
      let limit = false;
      const timers: ReturnType<typeof setTimeout>[] = [];
      const end = (how: () => void) => {
        timers.forEach(clearTimeout);
        this.settle = undefined;
        how();
      };
      const later = (ms: number, then: () => void) => timers.push(setTimeout(then, ms));
      const miss = (why: Miss) => end(() => reject(new Missed(why)));
      const maybeNone = () => {
        const icy = ice !== undefined && ways !== undefined;
        const waits = (icy && !iceDone) || asked === 'asked' || open > 0;
        if (!waits && (asked === 'refused' || this.hooks.directOnly || !paired.relay)) {
          miss({ why: limit ? 'relay-limit' : 'no-path', spent: this.spent });
        }
      };
      let iceDone = false;
      this.settle = (made) => {
        if (!('link' in made)) return miss(made);
        const relay = this.relays.has(made.link);
        this.core.closePending();
        if (!relay) seat.done();
        if (relay) ice?.close();
        end(() => resolve({ link: made.link, relay, ice: relay ? undefined : ice }));
      };
      this.hooks.stop.addEventListener('abort', () => miss({ why: 'stopped' }), { once: true });
      const stream = (make: (heard: (bytes: Uint8Array | undefined) => void) => number) => {
        open += 1;
        const link = make((bytes) => {
          if (bytes) return this.core.bytes(link, bytes);
          this.core.lost(link);
          open -= 1;
          if (this.settle) maybeNone();
        });
        later(CONFIRM_WITHIN, () => miss({ why: 'slow', spent: this.spent }));
        return link;
      };
      const askRelay = () => {
        if (asked !== 'no' || !paired.relay || this.hooks.directOnly) return maybeNone();
        asked = 'asked';
        seat.relay();
        later(CONSENT_WITHIN, () => miss({ why: 'no-path', spent: this.spent }));
        void seat.hear().then((heard) => {
          if (!this.settle) return;
          asked = 'refused';
          if (heard.type === 'relaying') {
            stream((hear) => {
              const link = this.core.open(seat);
              seat.carry(hear);
              this.relays.add(link);
              return link;
            });
            return;
          }
          limit = heard.type === 'error' && heard.code === 'relay-limit';
          maybeNone();
        });
      };
      if (ice && ways) {
        void ice.connect(ways, paired.role === 'B').catch(() => {});
        void ice.opened().then((opened) => {
          iceDone = true;
          if (!this.settle) return;
          if (!opened) return askRelay();
          stream((hear) => this.core.open(ice.stream(hear)));
        });
        later(RELAY_AFTER, askRelay);
        later(ICE_WITHIN, () => {
          if (iceDone) return;
          iceDone = true;
          ice.close();
          maybeNone();
        });
      } else {
        iceDone = true;
        askRelay();
      }
    });
  }

  private failed(fields: Reader | undefined): Missed {
    const [code, detail] = fields ? [fields.u8(), fields.text()] : [255, ''];
    return new Missed({ why: 'failed', code, detail, spent: this.spent });
  }

  private async within<T>(ms: number, waited: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const slow = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Missed({ why: 'slow', spent: this.spent })), ms);
    });
    try {
      return await this.orStopped(Promise.race([waited, slow]));
    } finally {
      clearTimeout(timer);
    }
  }

  private orStopped<T>(waited: Promise<T>): Promise<T> {
    const { stop } = this.hooks;
    return new Promise((resolve, reject) => {
      const stopped = () => reject(new Missed({ why: 'stopped' }));
      if (stop.aborted) return stopped();
      stop.addEventListener('abort', stopped, { once: true });
      waited.then(resolve, reject).finally(() => stop.removeEventListener('abort', stopped));
    });
  }
}

function refused(heard: Heard): Miss {
  if (heard.type === 'error') {
    const { code, message, retryAfter } = heard;
    return { why: 'mediator', code, message, ...(retryAfter !== undefined && { retryAfter }) };
  }
  if (heard.type === 'closed') return { why: 'mediator', code: 'closed', message: '' };
  return { why: 'mediator', code: 'bad-request', message: '' };
}
