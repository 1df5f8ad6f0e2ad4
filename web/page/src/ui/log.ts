// What was said, with days between: messages, remarks of this page, cards of files. It stays at its
// end unless somebody scrolled up, and keeps the last `KEPT` entries.

import { bdi, button, el, type Child } from './dom';
import { day, time } from './words';

/** So many entries stand in the page at most; an older one goes when another comes. */
const KEPT = 2000;
/** As near to the end as this (in pixels) counts as being there. */
const NEAR = 48;

export interface Log {
  readonly root: HTMLElement;
  theirs(who: string, text: string, sent: Date, resent: boolean): void;
  /** Our own, not known to have arrived. */
  ours(id: number, text: string): void;
  delivered(upTo: number): void;
  /** How many of ours have not arrived. */
  pending(): number;
  remark(...children: Child[]): void;
  card(card: HTMLElement): void;
}

export function log(): Log {
  const entries = el('div', { class: 'entries', role: 'log', 'aria-label': 'Chat', 'aria-live': 'polite', 'aria-relevant': 'additions' });
  const down = button('New messages ↓', toEnd, { class: 'down', hidden: true });
  const scroller = el('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'What was said' }, entries);
  const root = el('div', { class: 'log' }, scroller, down);
  const arrived = el('p', { class: 'arrived', 'aria-hidden': 'true' }, 'Arrived');
  const waiting = new Map<number, HTMLElement>();
  let atEnd = true;
  let top = 0; // where it stood when it was last scrolled
  let lastDay = '';
  let last = { who: '', minute: '', at: 0 };

  function toEnd() {
    atEnd = true;
    down.hidden = true;
    scroller.scrollTop = scroller.scrollHeight;
  }
  scroller.addEventListener('scroll', () => {
    const { scrollHeight, scrollTop, clientHeight } = scroller;
    // Where the window shrank meanwhile, the end is further off and nobody scrolled up.
    if (scrollHeight - scrollTop - clientHeight < NEAR) atEnd = true;
    else if (scrollTop < top) atEnd = false;
    top = scrollTop;
    if (atEnd) down.hidden = true;
  });
  // The keyboard of a phone, or a panel, takes room from it: before that is painted.
  new ResizeObserver(() => atEnd && toEnd()).observe(scroller);

  let due = false;
  /** Once a frame, however much comes. */
  function settle() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      if (atEnd) toEnd();
    });
  }

  function add(entry: HTMLElement, ours = false) {
    entries.append(entry);
    if (entries.childElementCount > KEPT) entries.firstElementChild?.remove();
    atEnd ||= ours;
    if (atEnd) settle();
    else if (!entry.classList.contains('remark')) down.hidden = false;
  }

  /** No time is later than its arrival, or earlier than the one before. */
  function message(who: string, name: HTMLElement, text: string, sent: Date, kind: string, ...marks: Child[]) {
    const at = new Date(Math.max(last.at, Math.min(sent.getTime() || 0, Date.now())));
    const today = day(at);
    if (today !== lastDay) {
      add(el('p', { class: 'day' }, el('span', {}, today)));
      last.who = '';
    }
    lastDay = today;
    const minute = time(at);
    const same = last.who === who && last.minute === minute;
    last = { who, minute, at: at.getTime() };
    const entry = el(
      'div',
      { class: `message ${kind}${same ? ' same' : ''}` },
      el('p', { class: 'meta' }, name, ' ', el('time', { datetime: at.toISOString() }, minute), ' '),
      el('p', { class: 'text', dir: 'auto' }, text, ...marks),
    );
    add(entry, kind === 'ours');
    return entry;
  }

  return {
    root,
    theirs: (who, text, sent, resent) => {
      const again = resent && el('span', { class: 'resent', title: 'You may have read this before the break' }, '↻ ');
      const entry = message(`their ${who}`, bdi(who), text, sent, 'theirs');
      if (again) entry.lastElementChild?.prepend(again);
    },
    ours: (id, text) => {
      const mark = el('span', { class: 'mark' }, ' …', el('span', { class: 'hidden' }, ' not arrived yet'));
      waiting.set(id, message('you', el('span', {}, 'you'), text, new Date(), 'ours pending', mark));
    },
    delivered: (upTo) => {
      let newest: HTMLElement | undefined;
      for (const [id, entry] of waiting) {
        if (id > upTo) continue;
        waiting.delete(id);
        entry.classList.remove('pending');
        entry.querySelector('.mark')?.remove();
        newest = entry;
      }
      newest?.append(arrived);
      settle();
    },
    pending: () => waiting.size,
    remark: (...children) => {
      last.who = '';
      add(el('p', { class: 'remark' }, el('span', { class: 'sign', 'aria-hidden': 'true' }, '◆ '), ...children));
    },
    card: (card) => {
      last.who = '';
      add(card);
    },
  };
}
