// Where a message is written. Enter sends where there is a keyboard, and is a new line where one
// types on glass; files come by a button, by a paste or by a drop.

import { button, el, form, fresh } from './dom';

export interface Composer {
  readonly root: HTMLElement;
  readonly text: HTMLTextAreaElement;
  /** Says why what was typed was not sent; the draft stays. */
  refuse(why: string): void;
  takesFiles(takes: boolean): void;
}

interface Listener {
  /** Whether it was taken: then the draft is cleared. */
  say(text: string): boolean;
  /** Files, and whether they were picked one by one rather than dropped or pasted. */
  files(files: File[], picked: boolean): void;
}

/** So tall a draft grows, in parts of the window's height. */
const TALLEST = 0.35;

export function composer(draft: string, label: string, listener: Listener): Composer {
  const touch = matchMedia('(pointer: coarse)').matches;
  const [id, wrongId] = [fresh(), fresh()];
  const text = el('textarea', { id, rows: 1, dir: 'auto', 'aria-describedby': wrongId, enterkeyhint: touch ? 'enter' : 'send', placeholder: 'Message' });
  const wrong = el('p', { id: wrongId, class: 'wrong', role: 'alert' });
  const picker = el('input', { type: 'file', multiple: true, hidden: true, onchange: picked });
  const attach = button('+', () => picker.click(), { class: 'round', 'aria-label': 'Send files', title: 'Send files' });
  // With the focus gone from the text, a phone would put its keyboard away.
  const send = el('button', { class: 'round main', 'aria-label': 'Send', title: 'Send', onpointerdown: (event: Event) => event.preventDefault() }, '↑');

  function grow() {
    text.style.height = 'auto';
    text.style.height = `${Math.min(text.scrollHeight, innerHeight * TALLEST)}px`;
  }
  function submit() {
    if (!text.value.trim()) return text.focus();
    if (!listener.say(text.value)) return;
    text.value = '';
    wrong.textContent = '';
    grow();
    text.focus();
  }
  function picked() {
    const files = [...(picker.files ?? [])];
    picker.value = '';
    if (files.length) listener.files(files, true);
  }
  text.addEventListener('keydown', (event) => {
    // An input method ends its own input by Enter too.
    if (event.key !== 'Enter' || event.shiftKey || event.altKey || event.isComposing || touch) return;
    event.preventDefault();
    submit();
  });
  text.addEventListener('input', () => {
    wrong.textContent = '';
    grow();
  });
  text.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    listener.files(files, false);
  });
  text.value = draft;
  requestAnimationFrame(grow);

  const root = form(submit, { class: 'composer' }, attach, picker, el('label', { for: id, class: 'hidden', dir: 'auto' }, label), text, send, wrong);
  return {
    root,
    text,
    refuse: (why) => {
      wrong.textContent = `✗ ${why}`;
      text.focus();
    },
    takesFiles: (takes) => (attach.hidden = !takes),
  };
}
