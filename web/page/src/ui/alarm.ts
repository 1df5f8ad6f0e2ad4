// A known name or room with another key. Nothing is sent until words were compared, or a person has
// typed words of the new key: who does that has looked at it.

import type { Alarm, Peer } from '../types';
import { button, el, form } from './dom';
import { field, type Context } from './parts';
import { day } from './words';

/** So many words of the new key are asked for. */
const ASKED = 6;

export interface AlarmPanel {
  readonly root: HTMLElement;
  readonly first: HTMLElement;
}

/** Places at random among those where the keys differ, counted from 0, rising. */
function places(was: readonly string[], is: readonly string[]): number[] {
  const differ = is.map((_, at) => at).filter((at) => was[at] !== is[at]);
  const draws = crypto.getRandomValues(new Uint32Array(is.length));
  differ.sort((a, b) => draws[a]! - draws[b]!);
  return differ.slice(0, ASKED).sort((a, b) => a - b);
}

export function alarmPanel(alarm: Alarm, peer: Peer, context: Context, compare: () => void): AlarmPanel {
  const { line } = context;
  const safe = (text: string) => line.safe(text);
  const [known, called] = [safe(alarm.known), safe(peer.name)];
  const headings = {
    'identity-changed': `IDENTITY CHANGED: “${known}” uses another key than before.`,
    'room-known': `SOMEBODY ELSE IS HERE: in this room you met “${known}”, who uses another key.`,
    'name-known': `SOMEBODY ELSE? “${called}” is, or looks like, a name of “${known}”, who uses another key.`,
  };
  const title = el('h2', { tabindex: -1, dir: 'auto' }, `✗ ${headings[alarm.cause]}`);
  const asked = places(alarm.was, alarm.is);
  const typed = field(
    `Type the words ${asked.map((at) => at + 1).join(', ')} of the new key`,
    `Ask ${known} for them, over another channel.`,
    { name: 'trust', autocapitalize: 'none', autocorrect: 'off' },
  );
  function trust() {
    const words = typed.input.value.trim().toLowerCase().split(/[\s,.-]+/);
    const right = asked.length > 0 && words.length === asked.length && asked.every((at, n) => alarm.is[at]?.toLowerCase() === words[n]);
    if (right) line.trust();
    else typed.refuse('Those are not these words of the new key.');
  }
  const key = (words: readonly string[]) => el('ol', { class: 'key' }, ...words.map((word, at) => el('li', { class: alarm.was[at] === alarm.is[at] ? '' : 'differs' }, safe(word))));
  const root = el(
    'section',
    { class: 'panel alarm', role: 'alert' },
    title,
    el('p', { dir: 'auto' }, `A new computer or browser? Ask ${known} by phone. Otherwise someone may be posing as ${known}. Until you decide, nothing is sent.`),
    el('p', {}, `Last met ${day(alarm.lastMet)}, ${alarm.wasVerified ? 'verified' : 'not verified'}.`),
    el('div', { class: 'choices' }, button('Leave (advised)', () => line.leave(), { class: 'main' }), button('Compare words', compare)),
    el(
      'details',
      {},
      el('summary', {}, 'Let the new key in, not verified'),
      el('h3', {}, 'The key was'),
      key(alarm.was),
      el('h3', {}, 'The key is'),
      key(alarm.is),
      form(trust, {}, typed.root, el('button', {}, 'Let it in')),
    ),
  );
  return { root, first: title };
}
