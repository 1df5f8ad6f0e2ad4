// Offers of files: a card in the log for each, with what is in it, how far it is, and what can be done.

import type { Peer, Transfer } from '../types';
import { bdi, button, el, fresh } from './dom';
import type { Context } from './parts';
import { bytes, clock, TRUST } from './words';

export interface Card {
  readonly root: HTMLElement;
  update(transfer: Transfer): void;
}

/** `13 files, 24.8 MB`. */
export function amount(files: number, size: number | undefined): string {
  const much = size === undefined ? 'of unknown size' : bytes(size);
  return files === 1 ? much : `${files} files, ${much}`;
}

/** Nothing more comes of it. */
export function isOver({ state }: Transfer): boolean {
  return ['done', 'refused', 'cancelled', 'failed'].includes(state);
}

/** How it stands, in words. */
function standing(t: Transfer, who: string, safe: (text: string) => string): string {
  const percent = t.size ? `${Math.floor((t.done / t.size) * 100)} %` : bytes(t.done);
  switch (t.state) {
    case 'offered':
      return t.outgoing ? `offered to ${who}` : `${who} offers it`;
    case 'moving': {
      const left = t.rate && t.size ? `\u00a0· ${clock((t.size - t.done) / t.rate)}` : '';
      return `${t.outgoing ? 'Sending' : 'Receiving'}\u00a0· ${percent}${left}${t.rate ? `\u00a0· ${bytes(t.rate)}/s` : ''}`;
    }
    case 'paused':
      return `${percent}\u00a0· the receiver’s disk is full: with some space free it goes on by itself`;
    case 'waiting':
      return `waiting for ${who}, ${percent} kept; it goes on by itself`;
    case 'saving':
      return 'Saving';
    case 'done':
      return t.outgoing ? `✓ ${who} has it` : '✓ Received, whole';
    case 'refused':
      return t.outgoing ? `declined by ${who}` : 'declined by you';
    case 'cancelled':
      return `cancelled${t.why ? ` ${safe(t.why)}` : ''}`;
    case 'failed':
      return `✗ ${t.why ? safe(t.why) : 'it did not come about'}`;
  }
}

export function card(first: Transfer, peer: () => Peer, context: Context): Card {
  const { line } = context;
  const safe = (text: string) => line.safe(text);
  const id = fresh();
  const title = safe(first.title);
  const state = el('p', { class: 'state', dir: 'auto' });
  const progress = el('progress', { max: 1, 'aria-label': `How far: ${title}` });
  const buttons = el('div', { class: 'choices' });
  const many = first.files !== 1 || first.names.some((name) => name.mark);
  const names =
    many &&
    el(
      'ul',
      { class: 'names' },
      ...first.names.map(({ name, mark }) => el('li', {}, bdi(safe(name)), mark && el('span', { class: 'flag' }, mark === 'hidden' ? '\u00a0· hidden' : '\u00a0· can be run'))),
      first.files > first.names.length && el('li', {}, `and ${first.files - first.names.length} more`),
    );
  const { trust } = peer();
  const root = el(
    'section',
    { class: `card ${first.outgoing ? 'ours' : 'theirs'}`, 'aria-labelledby': id },
    el(
      'div',
      { class: 'what' },
      el('h2', { id }, el('span', { 'aria-hidden': 'true' }, first.outgoing ? '↑ ' : '↓ '), bdi(title)),
      el('p', { class: 'amount' }, amount(first.files, first.size), !first.outgoing && trust !== 'verified' && `\u00a0· ${TRUST[trust]}`),
    ),
    names,
    state,
    progress,
    buttons,
  );
  let shown = '';

  function update(t: Transfer) {
    const who = safe(peer().name);
    const text = standing(t, who, safe);
    // The same node, so that a screen reader does not read every step.
    (state.firstChild ?? state.appendChild(document.createTextNode(''))).nodeValue = text;
    const moves = ['moving', 'paused', 'waiting', 'saving'].includes(t.state);
    progress.hidden = !moves;
    if (t.size) progress.value = t.done / t.size;
    else progress.removeAttribute('value');
    if (t.state === shown) return;
    if (shown && t.state !== 'moving') context.announce(`${title}: ${text}`);
    shown = t.state;
    root.dataset['state'] = t.state;
    const hadFocus = buttons.contains(document.activeElement);
    const cancel = button('Cancel', () => line.cancel(t.id), { 'aria-describedby': id });
    if (isOver(t)) buttons.replaceChildren();
    else if (t.state !== 'offered' || t.outgoing) buttons.replaceChildren(cancel);
    else {
      buttons.replaceChildren(
        button('Accept', () => line.accept(t.id), { class: 'main', 'aria-describedby': id }),
        button('Decline', () => line.reject(t.id), { 'aria-describedby': id }),
      );
    }
    if (hadFocus) buttons.querySelector('button')?.focus();
  }
  update(first);
  return { root, update };
}
