// The chat: who is there and how sure that is, what was said, and the row to write in.

import type { Event, Path, Peer } from '../types';
import { alarmPanel } from './alarm';
import { composer } from './composer';
import { bdi, button, el } from './dom';
import { amount, card, isOver, type Card } from './files';
import { heading, problemText, type Context, type Screen } from './parts';
import { line as drawLine, setLine } from './picture';
import { log as makeLog } from './log';
import { verify, type Verify } from './verify';
import { RELAYED, SIGN, time, TRUST, way, whoIsThere } from './words';

export interface Chat extends Screen {
  heard(event: Event): void;
  /** The end: what to show in place of the row to write in. */
  end(section: HTMLElement): void;
  /** The other person's name. */
  who(): string;
  /** What was typed and not sent. */
  draft(): string;
  undelivered(): number;
  /** The page is seen again: what came meanwhile stands on the screen now. */
  seen(): void;
  /** Messages that came while the page was hidden. */
  unread(): number;
}

export function chat(first: Peer, firstPath: Path, draft: string, context: Context): Chat {
  const { line, announce } = context;
  const safe = (text: string) => line.safe(text);
  let [peer, path] = [first, firstPath];
  let link: 'live' | 'unstable' | 'lost' | 'over' = 'live';
  let panel: { root: HTMLElement } | undefined;
  let verifying: Verify | undefined;
  let alarmed = false;
  let owed = false; // something waited while the link was lost
  let resentSaid = false;
  const unseen: number[] = [];
  const cards = new Map<number, Card>();
  const who = () => safe(peer.name);

  const drawing = drawLine('direct');
  const title = heading();
  const state = el('p', { class: 'state', role: 'status' });
  const trust = button('', () => (verifying ? closePanel() : openVerify()), { class: 'trust', 'aria-expanded': 'false' });
  const log = makeLog();
  const panels = el('div', { class: 'panels' });
  const asking = el('div', { class: 'asking' });
  const write = composer(draft, `Message to ${who()}`, { say, files: gotFiles });
  const foot = el('footer', {}, asking, write.root);
  const head = el('header', { class: 'bar' }, el('div', { class: 'who' }, title, state), drawing, el('div', { class: 'actions' }, trust, button('Leave', leave, { class: 'leave' })));
  const root = el('main', { class: 'chat' }, head, panels, log.root, foot);

  function status() {
    const queued = log.pending();
    const words = {
      live: `${way(path, safe)}`,
      unstable: `${way(path, safe)}\u00a0· unstable: no answer for some seconds`,
      lost: `looking for ${who()}${queued ? `\u00a0· ${queued} queued` : ''}`,
      over: 'left',
    }[link];
    if (state.textContent !== words) state.textContent = words;
    title.replaceChildren(bdi(who()));
    trust.textContent = alarmed ? '✗ blocked' : `${SIGN[peer.trust]} ${TRUST[peer.trust]}`;
    trust.className = `trust ${peer.trust}`;
    trust.disabled = link === 'over';
    setLine(drawing, link === 'over' ? 'over' : alarmed ? 'blocked' : link === 'lost' ? 'lost' : path.kind);
    write.takesFiles(peer.takesFiles);
    foot.hidden = alarmed && link !== 'over';
  }

  function closePanel() {
    panel?.root.remove();
    panel = verifying = undefined;
    trust.setAttribute('aria-expanded', 'false');
    (alarmed ? trust : write.text).focus();
  }
  function openVerify() {
    if (link === 'over') return;
    panel?.root.remove();
    panel = verifying = verify(peer, context, alarmed ? () => panels.firstElementChild?.querySelector('button')?.focus() : closePanel);
    panels.append(verifying.root);
    trust.setAttribute('aria-expanded', 'true');
    verifying.first.focus();
    verifying.root.scrollIntoView({ block: 'nearest' });
  }

  /** A question in the foot, with one answer that does it. */
  function ask(question: string, yes: string, no: string, act: () => void) {
    const close = () => {
      asking.replaceChildren();
      write.text.focus();
    };
    const does = button(yes, () => (close(), act()), { class: 'main' });
    const escape = (event: KeyboardEvent) => event.key === 'Escape' && close();
    asking.replaceChildren(el('div', { class: 'question', onkeydown: escape }, el('p', { dir: 'auto' }, question), el('div', { class: 'choices' }, does, button(no, close))));
    does.focus();
  }

  function leave() {
    if (log.pending() || [...cards.keys()].some(underWay)) ask('Something is still under way. Leave all the same?', 'Leave', 'Stay', () => line.leave());
    else line.leave();
  }
  const underWay = (id: number) => !!cards.get(id)?.root.querySelector('button');

  function say(text: string): boolean {
    const over = new TextEncoder().encode(text).length - line.longest;
    if (over > 0) {
      write.refuse(`Too long by ${over} bytes: send it in parts.`);
      return false;
    }
    const id = line.say(text);
    if (id === undefined) {
      write.refuse('Not sent: too much is waiting to be delivered. Try again once some of it has arrived.');
      return false;
    }
    log.ours(id, line.safe(text, 'many'));
    status();
    return true;
  }

  function gotFiles(files: File[], picked: boolean) {
    if (!peer.takesFiles) return write.refuse(`${who()}’s program takes no files.`);
    if (picked) return line.offer(files);
    const name = files.length === 1 ? safe(files[0]!.name) : `${safe(files[0]!.name)} and ${files.length - 1} more`;
    const size = files.reduce((sum, file) => sum + file.size, 0);
    ask(`Send ${name}, ${amount(files.length, size)}, to ${who()}?`, 'Send', 'Do not send', () => line.offer(files));
  }

  let over = 0; // dragenter comes before the dragleave of what was left
  const drags = (event: DragEvent) => event.dataTransfer?.types.includes('Files') && link !== 'over' && !alarmed;
  const drag = (by: number) => (event: DragEvent) => {
    if (!drags(event)) return;
    over = Math.max(0, over + by);
    root.classList.toggle('dropping', over > 0);
  };
  root.addEventListener('dragenter', drag(1));
  root.addEventListener('dragleave', drag(-1));
  root.addEventListener('drop', (event) => {
    over = 0;
    root.classList.remove('dropping');
    if (!drags(event)) return;
    const items = [...(event.dataTransfer?.items ?? [])];
    if (items.some((item) => item.webkitGetAsEntry?.()?.isDirectory)) return write.refuse('A folder is sent from a terminal: undertone send. Here, drop its files.');
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) gotFiles(files, false);
  });

  function acknowledge(id: number) {
    if (document.visibilityState === 'visible') line.shown(id);
    else unseen.push(id);
  }

  function connected(resumed: boolean) {
    link = 'live';
    const how = `${way(path, safe)}`;
    const relayed = path.kind === 'relay' && ` ${RELAYED}`;
    if (resumed) {
      owed = log.pending() > 0;
      return log.remark(`Back. Same identity\u00a0· ${how}.`, relayed);
    }
    const compare = peer.trust !== 'verified' && button('Compare words', openVerify, { class: 'text' });
    log.remark('Connected to ', bdi(who()), `\u00a0· ${how}\u00a0· ${TRUST[peer.trust]}.`, relayed, ` ${whoIsThere(peer)} `, compare);
  }

  function heard(event: Event) {
    switch (event.kind) {
      case 'connected':
        ({ peer, path } = event);
        connected(event.resumed);
        break;
      case 'path':
        path = event.path;
        log.remark(`Now ${way(path, safe)}; nothing was lost.`, path.kind === 'relay' && ` ${RELAYED}`);
        break;
      case 'unstable':
        link = event.unstable ? 'unstable' : 'live';
        break;
      case 'reconnecting':
        link = 'lost';
        log.remark(el('time', {}, time(new Date())), ' Lost ', bdi(who()), ` (${safe(event.why)}).`, event.queued > 0 && ` ${event.queued} queued.`, ' Trying again; what you type is kept.');
        break;
      case 'message':
        if (event.resent && !resentSaid) log.remark('Marked ↻ is what ', bdi(who()), ' had sent before the break: you may have read it already.');
        resentSaid ||= event.resent;
        log.theirs(who(), line.safe(event.text, 'many'), event.sent, event.resent);
        acknowledge(event.id);
        break;
      case 'delivered':
        log.delivered(event.upTo);
        if (owed && !log.pending()) {
          owed = false;
          log.remark('All that you said has arrived.');
        }
        break;
      case 'withheld':
        log.remark(bdi(who()), ' is there, but what you said was not shown there yet: the page is hidden, or you are not let in. It is kept.');
        break;
      case 'alarm': {
        alarmed = true;
        closePanel();
        const shown = alarmPanel(event.alarm, peer, context, openVerify);
        panels.replaceChildren(shown.root);
        status();
        return shown.first.focus();
      }
      case 'trust':
        peer = event.peer;
        alarmed = false;
        panels.replaceChildren();
        status();
        closePanel();
        if (peer.trust === 'verified') log.remark('✓ ', bdi(who()), ' is verified. From now on this is checked by itself.');
        else log.remark('The new key of ', bdi(who()), ' is let in, not verified.');
        break;
      case 'words-differ':
        if (!verifying) openVerify();
        verifying?.differ(event.how);
        break;
      case 'transfer': {
        const { id } = event.transfer;
        const known = cards.get(id);
        // What is over is told no more, and stays in the log alone, which keeps so much.
        if (isOver(event.transfer)) cards.delete(id);
        if (known) return known.update(event.transfer);
        const made = card(event.transfer, () => peer, context);
        cards.set(id, made);
        log.card(made.root);
        break;
      }
      case 'remark':
        log.card(problemText(event.problem, context));
        break;
      case 'waiting':
      case 'connecting':
      case 'ended':
    }
    status();
  }

  heard({ kind: 'connected', peer, path, resumed: false });
  announce(`Connected to ${who()}`);
  return {
    root,
    first: matchMedia('(pointer: coarse)').matches ? title : write.text,
    heard,
    end: (section) => {
      link = 'over';
      alarmed = false;
      panels.replaceChildren();
      panel = verifying = undefined;
      foot.replaceChildren(section);
      head.querySelector('.leave')?.remove();
      // Nothing of it can be done any more.
      for (const button of log.root.querySelectorAll('.remark button, .card button')) button.remove();
      status();
    },
    who,
    draft: () => write.text.value,
    undelivered: () => log.pending(),
    seen: () => unseen.splice(0).forEach((id) => line.shown(id)),
    unread: () => unseen.length,
  };
}
