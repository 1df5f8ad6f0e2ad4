// Who is it? Each reads four words aloud and types the four that they hear, so that no "yes" passes.

import type { Peer } from '../types';
import { bdi, button, el, form } from './dom';
import { field, type Context } from './parts';

export interface Verify {
  readonly root: HTMLElement;
  readonly first: HTMLElement;
  /** The words did not match. */
  differ(how: keyof typeof DIFFER): void;
}

const DIFFER = {
  differ: 'Those are not the other person’s words. One more try: have them read again, by voice.',
  own: 'Those are your own words. Type the four that you hear.',
  'no-words': 'Those are not four words of the list. Have them read again, and look for a slip.',
};

export function verify(peer: Peer, context: Context, close: () => void): Verify {
  const { line } = context;
  const who = line.safe(peer.name);
  const title = el('h2', { tabindex: -1 }, 'Who is it?');
  const verified = peer.trust === 'verified';
  const heard = field(`Type the four words that ${who} reads to you`, 'Upper and lower case are the same.', { name: 'heard', autocapitalize: 'none', autocorrect: 'off', enterkeyhint: 'go' });
  heard.root.querySelector('label')?.setAttribute('dir', 'auto');

  function compare() {
    const words = heard.input.value.trim().split(/[\s,.-]+/).filter(Boolean);
    if (words.length !== 4) return heard.refuse(`Four words are needed, not ${words.length}.`);
    line.verify(words.join(' '));
  }
  const words = el('ol', { class: 'words' }, ...peer.ours.map((word) => el('li', {}, line.safe(word))));
  const root = el(
    'section',
    { class: 'panel verify', 'aria-label': 'Who is it?', onkeydown: (event: KeyboardEvent) => event.key === 'Escape' && close() },
    title,
    verified
      ? el('p', {}, '✓ ', bdi(who), ' is verified. From now on this is checked by itself.')
      : form(
          compare,
          {},
          el('p', {}, 'Read to ', bdi(who), ', by voice, not in this chat:'),
          words,
          heard.root,
          el('div', { class: 'choices' }, el('button', { class: 'main' }, 'Compare'), button('Later', close)),
        ),
    el('details', {}, el('summary', {}, 'Key'), el('p', { class: 'key' }, peer.key.map((word) => line.safe(word)).join('-'))),
    verified && el('div', { class: 'choices' }, button('Close', close)),
  );
  return {
    root,
    first: verified ? title : heard.input,
    differ: (how) => {
      if (how === 'differ') heard.input.value = '';
      heard.refuse(DIFFER[how]);
    },
  };
}
