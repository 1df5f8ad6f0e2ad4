// From the first screen to the last: takes the invite out of the address bar, starts the line, and
// hands what happens to the screen that is there.

import { here } from '../here';
import type { Event, Line, Open, Problem, Room } from '../types';
import { chat as makeChat, type Chat } from './chat';
import { el } from './dom';
import { ended, endedScreen, type End } from './ended';
import type { Context, Screen } from './parts';
import { start, type Choice } from './start';
import { waiting as makeWaiting, type Waiting } from './waiting';

/** What stands where the core did not start, and no text of others can be shown. */
const NO_LINE = { safe: (text: string) => text.replace(/[^ -~]/g, '�') } as Line;

export async function run(open: Open): Promise<void> {
  const fragment = takeFragment();

  const voice = el('p', { class: 'hidden', role: 'status' });
  document.body.append(voice);
  let shown: Screen | undefined;
  let line: Line | undefined;
  let room: Room | undefined;
  let invited: Room | undefined; // by the link that was opened
  let name = '';
  let draft = '';
  let waiting: Waiting | undefined;
  let chat: Chat | undefined;
  let live = false;

  const context = (): Context => ({ line: line ?? NO_LINE, host: location.host, announce: (text) => (voice.textContent = text) });

  function show(screen: Screen) {
    waiting?.close();
    waiting = undefined;
    if (shown) shown.root.replaceWith(screen.root);
    else document.body.prepend(screen.root);
    document.getElementById('loading')?.remove();
    shown = screen;
    screen.first.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  function begin(given: { room?: Room | undefined; problem?: Problem | undefined }) {
    chat = undefined;
    invited = given.room;
    if (line) show(start({ ...given, name: name || (line.memory.name ?? ''), secure: isSecureContext }, context(), (choice) => void join(choice)));
  }

  async function join(choice: Choice) {
    if (!line) return;
    ({ room, name } = choice);
    try {
      if (choice.remember) await line.memory.enable();
    } catch (error) {
      return begin({ room: invited, problem: { trouble: 'internal', detail: String(error) } });
    }
    wait();
  }

  function wait() {
    if (!line || !room) return;
    draft = chat?.draft() ?? draft;
    chat = undefined;
    const screen = makeWaiting(room, context(), () => line?.leave());
    show(screen);
    waiting = screen;
    line.join(room, name);
  }

  function over(end: End) {
    live = false;
    const choices = { again: wait, anew: () => begin({}) };
    if (chat) {
      const { root, first } = ended(end, chat.who(), chat.undelivered(), chat.draft(), context(), choices);
      chat.end(root);
      first.focus();
    } else if (end.how === 'left') begin({ room: invited });
    else show(endedScreen(end, context(), choices));
  }

  function title() {
    const unread = chat?.unread() ?? 0;
    document.title = unread && document.hidden ? `(${unread}) undertone` : 'undertone';
  }

  function heard(event: Event) {
    if (event.kind === 'ended') over(event);
    else if (event.kind === 'connected' && !chat) {
      live = true;
      chat = makeChat(event.peer, event.path, draft, context());
      draft = '';
      show(chat);
    } else if (chat) chat.heard(event);
    else if (event.kind === 'waiting') waiting?.seated();
    else if (event.kind === 'connecting') waiting?.connecting();
    else if (event.kind === 'remark') waiting?.remark(event.problem);
    title();
  }

  // A drop beside the chat would leave the page for the file.
  for (const kind of ['dragover', 'drop'] as const) addEventListener(kind, (event) => event.preventDefault());
  addEventListener('beforeunload', (event) => live && event.preventDefault());
  // Nothing of the line outlives the page: the other person is told, rather than left to wait.
  addEventListener('pagehide', ({ persisted }) => live && !persisted && line?.leave());
  const wake = () => {
    if (document.visibilityState !== 'visible') return;
    if (live || waiting) line?.wake();
    chat?.seen();
    title();
  };
  document.addEventListener('visibilitychange', wake);
  addEventListener('online', wake);
  addEventListener('pageshow', wake);
  // Another invite, pasted into the address bar of this page.
  addEventListener('hashchange', () => {
    const given = takeFragment();
    if (line && given && !live && !waiting) begin(read(line, given));
  });

  try {
    line = await open(heard);
  } catch (error) {
    return show(endedScreen({ how: 'failed', problem: { trouble: 'internal', detail: String(error) } }, context(), { again: () => location.reload(), anew: () => location.reload() }));
  }
  begin(fragment ? read(line, fragment) : {});
}

/** At once: whoever looks at the screen, or at the history, does not read the secret there. */
function takeFragment(): string {
  const fragment = location.hash.slice(1);
  if (fragment) history.replaceState(null, '', location.pathname);
  return fragment;
}

/** As a link to this page: what stands in an address bar is encoded, and a link's rules undo that. */
function read(line: Line, fragment: string): { room?: Room; problem?: Problem } {
  const read = line.readRoom(`${here()}/#${fragment}`);
  return 'trouble' in read ? { problem: read } : { room: read };
}
