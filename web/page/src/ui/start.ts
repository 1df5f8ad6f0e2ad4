// The first screen: with an invite, or without one. It says what opening it here means, and asks for
// a name. Nothing is sent, and nothing kept, before its button is pressed.

import type { Problem, Room } from '../types';
import { button, el, form, fresh } from './dom';
import { brand, field, heading, problemText, terminalCommand, type Context, type Screen } from './parts';
import { line } from './picture';
import { advice } from './words';

export interface Choice {
  readonly room: Room;
  readonly name: string;
  /** Whether to be known again by this browser. */
  readonly remember: boolean;
}

interface Given {
  /** The room of the invite that was opened. */
  readonly room?: Room | undefined;
  /** Why what was opened is none. */
  readonly problem?: Problem | undefined;
  readonly name: string;
  /** Whether everything that is loaded comes by TLS, or from this machine. */
  readonly secure: boolean;
}

export function start(given: Given, context: Context, choose: (choice: Choice) => void): Screen {
  const { line: core, host } = context;
  const safe = (text: string) => core.safe(text);
  const invite = given.room;
  const title = invite
    ? heading('You are invited to ', el('bdi', { class: 'room' }, invite.shown))
    : heading('A private line between two people');

  const name = field('Your name', 'The other person sees it.', { name: 'name', maxlength: 64, autocapitalize: 'words', enterkeyhint: 'go' });
  name.input.value = given.name;
  const pasted = field('Or paste an invite', 'The whole link, or a room that you agreed on.', { name: 'invite', autocapitalize: 'none', enterkeyhint: 'go' });

  function submit(room: Room | Problem, from: (why: string) => void) {
    if ('trouble' in room) {
      const { reason, remedy } = advice(room, host, safe);
      return from(`${reason} ${remedy}`);
    }
    const typed = name.input.value.trim();
    const why = core.checkName(typed);
    if (why !== undefined) {
      const { reason, remedy } = advice({ trouble: 'name', detail: why }, host, safe);
      return name.refuse(`${reason} ${remedy}`);
    }
    choose({ room, name: typed, remember: remember.checked });
  }

  const id = fresh();
  const remember = el('input', { type: 'checkbox', id });
  const memory = core.memory;
  const remembered = memory.on
    ? el('p', { class: 'memory' }, 'This browser remembers you, and whom you met. ', button('Forget', () => void forget(), { class: 'text' }))
    : memory.possible &&
      el('p', { class: 'memory check' }, remember, el('label', { for: id }, 'Remember me on this browser'), el('span', { class: 'hint' }, 'Keeps your key, and those of whom you met: no messages.'));
  async function forget() {
    await memory.forget();
    name.input.value = '';
    (remembered as HTMLElement).replaceChildren('Forgotten.');
    name.input.focus();
  }

  const again = (text: string) => pasted.refuse(text);
  const ask = invite
    ? form(
        () => submit(invite, again),
        { class: 'ask' },
        name.root,
        remembered,
        el('button', { class: 'main' }, 'Join'),
        el('p', { class: 'hint' }, 'Nothing is sent before you press Join.'),
      )
    : form(
        () => (pasted.input.value.trim() ? submit(core.readRoom(pasted.input.value.trim()), again) : submit(core.makeRoom(), again)),
        { class: 'ask' },
        name.root,
        remembered,
        el('button', { class: 'main' }, 'New line'),
        el('div', { class: 'or' }, pasted.root, button('Join', join)),
      );
  function join() {
    submit(core.readRoom(pasted.input.value.trim()), again);
  }

  const root = el(
    'main',
    { class: 'sheet start' },
    el(
      'div',
      { class: 'head' },
      brand(),
      line('waiting'),
      title,
      given.problem && problemText(given.problem, context),
      el('p', { class: 'lead' }, invite ? 'Somebody wants to talk to you, directly and end\u2011to\u2011end encrypted.' : 'Talk directly, end\u2011to\u2011end encrypted. Nothing to install, no account.'),
      invite && !invite.hasSecret && el('p', { class: 'note' }, '⚠\ufe0e This room has no secret: whoever knows its name can come. Compare the words once you are connected.'),
    ),
    trusted(host, given.secure),
    ask,
    el(
      'div',
      { class: 'more' },
      invite && terminalCommand(invite.command, context),
      el('div', { class: 'block' }, el('h2', {}, 'Who sees what'), el('p', {}, 'The other person sees your network addresses. The mediator sees both of yours, and when you talk; not what is said, nor the invite’s secret.')),
    ),
  );
  return { root, first: name.input.value ? title : name.input };
}

/** What opening this page means. */
function trusted(host: string, secure: boolean): HTMLElement {
  return el(
    'div',
    { class: 'block trusted' },
    !secure && el('p', { class: 'note' }, '⚠\ufe0e This page came unencrypted: anybody on this network could alter it, and then read along.'),
    el('p', {}, 'This page comes from ', el('bdi', { class: 'host' }, host), '. Whoever runs that could change it, and then read along. A terminal does not depend on it.'),
  );
}
