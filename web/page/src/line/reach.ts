// The way to the other end: attempts until a link counts, again after each loss, and from the relay to a
// direct path. One attempt at a time, for the core has one.

import type { Path, Problem, Room, Trouble } from '../types';
import { Attempt, type Made, type Miss } from './attempt';
import type { Core } from './core';
import type { Spending } from './spending';

/** Pauses between tries, in milliseconds: doubled each time, ± 25 %. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [200, 10_000];
/** After so many seconds on a relay a direct path is looked for; then each minute. */
const UPGRADE_AFTER = [5, 30, 60];
/** What the core says of why an attempt failed. */
const FAILURES: readonly Trouble[] = ['secret', 'older', 'newer', 'identity', 'broken', 'altered'];

/** Whom the way leads to, and who hears of it. */
export interface Goal {
  readonly room: Room;
  /** Whether there is no session yet: attempts count, and a person is told of them. */
  isFirst(): boolean;
  agree(theirs: Uint8Array): Promise<Uint8Array>;
  /** The seat is taken. */
  waiting(expiresIn: number): void;
  /** Somebody came. */
  connecting(): void;
  /** A link counts. */
  connected(path: Path): void;
  /** A direct one does, in place of the relay. */
  moved(path: Path): void;
  /** It went wrong, and another attempt follows. */
  remark(problem: Problem): void;
  /** Nothing more is to be tried. */
  failed(problem: Problem): void;
}

export class Reach {
  private readonly over = new AbortController();
  private trying = new AbortController();
  private attempt: Attempt | undefined;
  private seeking = false;
  private wakened: (() => void) | undefined;
  private upgradeTimer: ReturnType<typeof setTimeout> | undefined;

  /** `running`: what must have ended before the first attempt begins. */
  constructor(
    private readonly core: Core,
    private readonly spending: Spending,
    private readonly goal: Goal,
    private running: Promise<unknown>,
  ) {}

  /** Whether no link counts, and one is looked for. */
  get isSeeking(): boolean {
    return this.seeking;
  }

  /** Once the last attempt has ended. */
  get ended(): Promise<unknown> {
    return this.running;
  }

  private get isOver(): boolean {
    return this.over.signal.aborted;
  }

  /** Attempts, until a link counts or nothing more is to be tried. */
  async seek(): Promise<void> {
    this.seeking = true;
    clearTimeout(this.upgradeTimer);
    let pause = FIRST_PAUSE;
    while (!this.isOver) {
      const begun = performance.now();
      const made = await this.once(false);
      if (this.isOver) return;
      if ('link' in made) return this.reached(made);
      if (made.why === 'reseat') continue;
      const problem = this.missed(made);
      if (problem) return this.goal.failed(problem);
      if (performance.now() - begun > LONGEST_PAUSE) pause = FIRST_PAUSE;
      const asked = made.why === 'mediator' && made.retryAfter ? made.retryAfter * 1000 : 0;
      await this.rest(Math.max(asked, pause * (0.75 + Math.random() / 2)));
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  private async once(directOnly: boolean): Promise<Made | Miss> {
    this.trying.abort();
    const trying = new AbortController();
    this.trying = trying;
    await this.running;
    if (this.isOver || trying.signal.aborted) return { why: 'stopped' };
    const { goal, spending } = this;
    const attempt = new Attempt(this.core, {
      directOnly,
      stop: trying.signal,
      agree: (theirs) => goal.agree(theirs),
      waiting: (expiresIn) => {
        if (goal.isFirst()) goal.waiting(expiresIn);
      },
      paired: () => {
        if (goal.isFirst()) goal.connecting();
      },
      spends: () => {
        if (goal.isFirst()) spending.begin(goal.room);
      },
    });
    this.attempt = attempt;
    const made = attempt.run();
    this.running = made;
    return made;
  }

  private async reached(made: Made): Promise<void> {
    this.seeking = false;
    const path = await way(made);
    // Lost again meanwhile, or left.
    if (this.isOver || this.seeking) return;
    this.goal.connected(path);
    if (made.relay) this.upgrade(0);
  }

  /** From a relay to a direct path: one attempt at a time. */
  private upgrade(nth: number): void {
    const seconds = UPGRADE_AFTER[Math.min(nth, UPGRADE_AFTER.length - 1)] ?? 60;
    this.upgradeTimer = setTimeout(async () => {
      const made = await this.once(true);
      if (this.isOver || this.seeking) return;
      if (!('link' in made)) return this.upgrade(nth + 1);
      this.goal.moved(await way(made));
    }, seconds * 1000);
  }

  /** What a miss means: the end, or, `undefined`, another try. */
  private missed(miss: Miss): Problem | undefined {
    if (miss.why === 'stopped' || miss.why === 'reseat') return undefined;
    if (miss.why === 'mediator') return this.mediator(miss);
    // Of a session that goes on nothing is counted.
    if (!this.goal.isFirst()) return undefined;
    const trouble = miss.why === 'failed' ? (FAILURES[miss.code] ?? 'broken') : miss.why === 'left' ? 'slow' : miss.why;
    if (trouble === 'older' || trouble === 'newer') {
      // Whoever says so behind our SEALED has the secret.
      if (miss.spent) this.spending.succeeded(this.goal.room);
      return { trouble };
    }
    const detail = miss.why === 'failed' && (trouble === 'broken' || trouble === 'altered') ? { detail: miss.detail } : {};
    const left = this.spending.left(this.goal.room);
    if (left <= 0) return { trouble: 'spent', ...detail, left };
    this.goal.remark({ trouble, ...detail, ...(miss.spent && { left }) });
    return undefined;
  }

  private mediator(miss: Miss & { why: 'mediator' }): Problem | undefined {
    const retry = miss.retryAfter === undefined ? {} : { retryIn: miss.retryAfter };
    const tell = (problem: Problem) => {
      if (this.goal.isFirst()) this.goal.remark({ ...problem, ...retry });
      return undefined;
    };
    switch (miss.code) {
      case 'version':
        return { trouble: 'mediator-version' };
      case 'room-busy':
        return { trouble: 'room-busy' };
      case 'unreachable':
      case 'closed':
      case 'shutting-down':
        return tell({ trouble: 'mediator-unreachable' });
      case 'expired':
        return undefined;
      default:
        return tell({ trouble: 'mediator-refused', ...(miss.message && { detail: miss.message }) });
    }
  }

  /** Waits, unless there is a reason not to. */
  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakened = () => {
        clearTimeout(timer);
        resolve();
      };
      this.over.signal.addEventListener('abort', () => this.wakened?.(), { once: true });
    });
  }

  /** What the core says of the attempt: a link counts, or none will. */
  tell(made: { link: number } | { code: number; detail: string }): void {
    this.attempt?.tell(made);
  }

  /** There is a reason to try at once. */
  wake(): void {
    this.attempt?.poke();
    this.wakened?.();
  }

  stop(): void {
    this.over.abort();
    this.trying.abort();
    this.seeking = false;
    clearTimeout(this.upgradeTimer);
  }
}

/** How a link goes, as far as the browser tells. */
async function way({ relay, ice }: Made): Promise<Path> {
  const address = await ice?.address();
  return { kind: relay ? 'relay' : 'direct', ...(address && { address }) };
}
