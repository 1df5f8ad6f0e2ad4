// Parts that several screens share: a text to copy, a labelled field, a problem, the frame of a screen.

import type { Line, Problem } from '../types';
import { button, el, fresh, type Child } from './dom';
import { advice } from './words';

/** What every screen gets. */
export interface Context {
  readonly line: Line;
  /** The mediator that serves this page. */
  readonly host: string;
  /** Says something to a screen reader that the eye sees elsewhere. */
  announce(text: string): void;
}

export interface Screen {
  readonly root: HTMLElement;
  /** What a person reads or fills in first. */
  readonly first: HTMLElement;
}

/** A heading that can have the focus, so that a screen reader begins there. */
export function heading(...children: Child[]): HTMLHeadingElement {
  return el('h1', { tabindex: -1 }, ...children);
}

/** The name of the program, above what stands alone. */
export function brand(): HTMLElement {
  return el('p', { class: 'brand' }, 'undertone');
}

/** A text that is to be taken elsewhere, with a button where the browser has a clipboard. */
export function copyable(label: string, text: string, context: Context): HTMLElement {
  const id = fresh();
  const code = el('code', { id, class: 'copy-text', tabindex: 0, role: 'textbox', 'aria-readonly': 'true', 'aria-label': label, onfocus: () => select(code) }, text);
  const copy = navigator.clipboard && button('Copy', () => void copied(), { 'aria-label': `Copy: ${label}` });
  async function copied() {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = 'Copied';
      context.announce('Copied');
      setTimeout(() => (copy.textContent = 'Copy'), 2000);
    } catch {
      code.focus();
    }
  }
  return el('div', { class: 'copy' }, code, copy);
}

function select(element: HTMLElement): void {
  getSelection()?.selectAllChildren(element);
}

export interface Field {
  readonly root: HTMLElement;
  readonly input: HTMLInputElement;
  /** Says what is wrong with it; with nothing to say, that it is right. */
  refuse(why?: string): void;
}

export function field(label: string, hint: string, attributes: Record<string, string | number | boolean>): Field {
  const [id, about, wrong] = [fresh(), fresh(), fresh()];
  const input = el('input', { id, 'aria-describedby': `${about} ${wrong}`, autocomplete: 'off', spellcheck: 'false', ...attributes });
  const error = el('p', { id: wrong, class: 'wrong', role: 'alert' });
  input.addEventListener('input', () => refuse());
  function refuse(why?: string) {
    error.textContent = why ? `✗ ${why}` : '';
    if (!why) return input.removeAttribute('aria-invalid');
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  }
  const root = el('div', { class: 'field' }, el('label', { for: id }, label), input, el('p', { id: about, class: 'hint' }, hint), error);
  return { root, input, refuse };
}

/** What happened, why, and what to do: two sentences or three. */
export function problemText(problem: Problem, context: Context): HTMLElement {
  const { reason, remedy } = advice(problem, context.host, (text) => context.line.safe(text));
  return el('div', { class: 'problem' }, el('p', { class: 'reason', dir: 'auto' }, `✗ ${reason}`), el('p', { class: 'remedy' }, remedy));
}

/** How a terminal comes to the same room. */
export function terminalCommand(command: string, context: Context): HTMLElement {
  return el('div', { class: 'block' }, el('h2', {}, 'From a terminal'), copyable('Command for a terminal', command, context));
}
