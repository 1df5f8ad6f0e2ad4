// The end, and what can be done then. It stands below what was said, or alone where nobody came.

import type { Problem } from '../types';
import { button, el } from './dom';
import { brand, heading, problemText, type Context, type Screen } from './parts';
import { line } from './picture';

export type End = { how: 'left' | 'peer-left' | 'peer-failed' } | { how: 'failed'; problem: Problem };

/** After these the room, its invite or this page is no good any more. */
const FINAL = new Set(['spent', 'wrong-words', 'identity', 'room', 'elsewhere', 'internal', 'mediator-version', 'newer']);

export interface Choices {
  again(): void;
  anew(): void;
}

/** What happened; `who` is empty where nobody was there. */
export function ended(end: End, who: string, undelivered: number, draft: string, context: Context, choices: Choices): Screen {
  const titles = {
    left: who ? 'You left' : 'Nobody waits here any more',
    'peer-left': `${who || 'The other person'} left`,
    'peer-failed': `The chat with ${who || 'the other person'} ended`,
    failed: who ? `The chat with ${who} ended` : 'It did not come about',
  };
  const title = heading(titles[end.how]);
  title.dir = 'auto';
  const final = end.how === 'failed' && FINAL.has(end.problem.trouble);
  const again = button('Wait again', choices.again, { class: 'main' });
  const anew = button('New line', choices.anew, { class: final ? 'main' : '' });
  const reload = button('Reload', () => location.reload());
  const broken = end.how === 'failed' && ['internal', 'mediator-version', 'newer'].includes(end.problem.trouble);
  const root = el(
    'section',
    { class: 'ended', 'aria-label': 'The end' },
    title,
    end.how === 'failed' && problemText(end.problem, context),
    end.how === 'peer-failed' && el('p', {}, 'Their program could not go on. Wait again in the same room to meet anew.'),
    undelivered > 0 && el('p', { class: 'note' }, `⚠\ufe0e ${undelivered} of your messages did not arrive: send them again when you next meet.`),
    draft.trim() && !final && el('p', { class: 'hint' }, 'What you were typing is kept for when you wait again.'),
    el('div', { class: 'choices' }, !final && again, broken && reload, anew),
  );
  return { root, first: title };
}

/** The same where there is nothing else to see. */
export function endedScreen(end: End, context: Context, choices: Choices): Screen {
  const { root, first } = ended(end, '', 0, '', context, choices);
  return { root: el('main', { class: 'sheet' }, brand(), line('over'), root), first };
}
