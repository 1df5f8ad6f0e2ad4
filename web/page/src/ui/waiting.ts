// The screen while the other person is awaited: the invite as a link, as a QR code and for a terminal.

import type { Problem, Room } from '../types';
import { button, el } from './dom';
import { brand, copyable, heading, problemText, terminalCommand, type Context, type Screen } from './parts';
import { line, qr, setLine } from './picture';
import { clock } from './words';

export interface Waiting extends Screen {
  /** The seat is taken. */
  seated(): void;
  /** Somebody came. */
  connecting(): void;
  remark(problem: Problem): void;
  /** Stops the clock. */
  close(): void;
}

export function waiting(room: Room, context: Context, stop: () => void): Waiting {
  const drawing = line('waiting');
  const title = heading('Looking for the mediator');
  const elapsed = el('span', { class: 'clock', 'aria-hidden': 'true' });
  const remarks = el('div', { class: 'remarks', role: 'status' });
  let since = Date.now();
  const tick = setInterval(() => (elapsed.textContent = clock((Date.now() - since) / 1000)), 1000);

  const share = 'share' in navigator && button('Share', () => void navigator.share({ url: room.link }).catch(() => {}));
  const picture = qr(room.link);
  const root = el(
    'main',
    { class: 'sheet waiting' },
    brand(),
    drawing,
    title,
    el('p', { class: 'lead' }, 'Room ', el('bdi', { class: 'room' }, room.shown), ' ', elapsed),
    remarks,
    el(
      'section',
      { class: 'invite' },
      el('div', { class: 'block' }, el('h2', {}, 'The invite'), el('p', {}, 'Give it to the other person, over a channel that you trust.'), copyable('The invite, a link', room.link, context), share),
      picture && el('div', { class: 'picture' }, picture),
      terminalCommand(room.command, context),
    ),
    !room.hasSecret && el('p', { class: 'note' }, '⚠\ufe0e This room has no secret: whoever knows its name can come.'),
    button('Stop waiting', stop),
  );

  function say(text: string, state: 'waiting' | 'connecting') {
    if (title.textContent === text) return;
    title.textContent = text;
    setLine(drawing, state);
    context.announce(text);
  }
  return {
    root,
    first: title,
    seated: () => {
      since = Date.now();
      say('Waiting for the other person', 'waiting');
    },
    connecting: () => say('Somebody came: looking for a path', 'connecting'),
    remark: (problem) => remarks.replaceChildren(problemText(problem, context)),
    close: () => clearInterval(tick),
  };
}
