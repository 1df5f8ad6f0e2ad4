// A line that nothing is behind: tests say what happens (`fake.emit`) and read what the screens asked
// for (`fake.calls`). Not in the bundle of the page.

import type { Event, Line, Open, Problem, Room } from '../src/types';

export interface Fake {
  emit(event: Event): void;
  /** Each call of a screen, as its name and arguments. */
  readonly calls: unknown[][];
  room: Room;
  memory: { possible: boolean; on: boolean; name?: string };
  takesNothing: boolean;
  /** The core does not start. */
  fails: boolean;
}

declare global {
  interface Window {
    fake: Fake;
  }
}

/** As the core does: what is not plain text is made visible. */
function safe(text: string, lines: 'one' | 'many' = 'one'): string {
  const shown = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Co}\u200b\u202a-\u202e\u2066-\u2069\ufeff\u3164]/gu, (c) =>
    c === '\n' && lines === 'many' ? c : c < ' ' ? String.fromCodePoint(0x2400 + c.codePointAt(0)!) : `<U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`,
  );
  return shown;
}

export const open: Open = async (heard) => {
  const calls: unknown[][] = [];
  let next = 0;
  const secret = 'ocean-panda#tiger-velvet-olive-table';
  const fake: Fake = {
    emit: (event) => heard(event),
    calls,
    room: { shown: 'ocean-panda', hasSecret: true, link: `https://mediator.example/#${secret}`, command: `undertone chat 'https://mediator.example/#${secret}'` },
    memory: { possible: true, on: false },
    takesNothing: false,
    fails: false,
  };
  Object.assign(fake, JSON.parse(sessionStorage.getItem('fake') ?? '{}'));
  window.fake = fake;
  if (fake.fails) throw new Error('no WebAssembly');
  const did = (name: string) => (...given: unknown[]) => void calls.push([name, ...given]);
  const line: Line = {
    safe,
    readRoom: (text): Room | Problem => {
      calls.push(['readRoom', text]);
      const given = decodeURIComponent(text.replace(/^.*?\/#/, ''));
      if (!given || given.includes(' ')) return { trouble: 'room', detail: 'a space is in it' };
      const [name = '', secret] = given.split('#');
      return { ...fake.room, shown: safe(name), hasSecret: secret !== undefined };
    },
    makeRoom: () => fake.room,
    checkName: (name) => (name ? (name.length > 32 ? 'it is too long' : undefined) : 'it is empty'),
    join: did('join'),
    longest: 16384,
    say: (text) => (calls.push(['say', text]), fake.takesNothing ? undefined : ++next),
    // With how much of the peer's stands in the page by then.
    shown: (id) => void calls.push(['shown', id, document.querySelectorAll('.theirs .text').length]),
    verify: did('verify'),
    trust: did('trust'),
    offer: (files) => void calls.push(['offer', files.map((file) => file.name)]),
    accept: did('accept'),
    reject: did('reject'),
    cancel: did('cancel'),
    leave: did('leave'),
    wake: did('wake'),
    get memory() {
      return {
        ...fake.memory,
        enable: async () => did('enable')(),
        forget: async () => {
          did('forget')();
          fake.memory.on = false;
        },
      };
    },
  };
  return line;
};
