// The wording of what happens: trust, paths, sizes, times, and for every trouble its reason and its
// remedy. The terminal says the same in the same words where it can. Text of others comes in safe.

import type { Path, Peer, Problem, Trouble, Trust } from '../types';

/** The signs of the prompt in a terminal. */
export const SIGN: Record<Trust, string> = { 'not-verified': '⚠\ufe0e', invite: '◆', verified: '✓' };
export const TRUST: Record<Trust, string> = {
  'not-verified': 'not verified',
  invite: 'via invite',
  verified: 'verified',
};

/** What it means that the mediator carries the chat. */
export const RELAYED =
  'There is no direct path, so the mediator carries the chat: it sees both addresses, times and sizes, not what is said.';

const NEW_LINE = 'Make a new line, and give its invite to the other person over a safe channel.';
const BOTH_UP_TO_DATE = 'Bring undertone up to date on both sides, and meet again.';

export function way(path: Path, safe: (text: string) => string): string {
  if (path.kind === 'relay') return 'relay';
  return path.address ? `direct ${safe(path.address)}` : 'direct';
}

/** What can be said of who is there, when a link counts for the first time. */
export function whoIsThere(peer: Peer): string {
  if (peer.trust === 'verified') return '';
  const who = peer.trust === 'invite' ? 'Only someone with the secret can be there.' : 'Someone could be in between.';
  return `${who} Four words, compared by voice, make sure.`;
}

export interface Advice {
  readonly reason: string;
  readonly remedy: string;
}

/** Reason and remedy. `host` is the mediator of this page. */
export function advice(problem: Problem, host: string, safe: (text: string) => string): Advice {
  const detail = problem.detail ? safe(problem.detail) : '';
  const because = detail && `: ${detail}`;
  const later = problem.retryIn !== undefined && `Try again in ${duration(problem.retryIn)}.`;
  const known: Record<Trouble, [reason: string, remedy: string]> = {
    room: [
      `That is no room${because}.`,
      'Paste the whole invite: the link, up to its last word. Or ask for a new one.',
    ],
    elsewhere: [
      `This invite belongs to another mediator${because}.`,
      'Open the invite itself, as a link, or paste it into a terminal: undertone.',
    ],
    name: [`That cannot be a name here${because}.`, 'Type another one.'],
    'mediator-unreachable': [
      `Cannot reach the mediator, ${host}.`,
      'Is this device online? If it is, the mediator may be down: try again in a minute.',
    ],
    'mediator-refused': [
      `The mediator, ${host}, refused${because}.`,
      'Try again, or use another mediator.',
    ],
    'mediator-version': [
      'This page and the mediator do not fit together.',
      `Reload the page. If that changes nothing, whoever runs ${host} must bring it up to date.`,
    ],
    'room-busy': [
      'Another tab of yours has taken this place in the room.',
      'Go on there, or close it and wait again here.',
    ],
    secret: [
      'That secret did not match.',
      'Either one of you has it wrong, or someone tried to get in between. Ask the other person for the whole invite again.',
    ],
    spent: ['Three attempts failed: this invite is dead.', NEW_LINE],
    'no-path': [
      'There is no path to the other person.',
      'No direct path opened, and this mediator does not relay. Use one that does, or be on one network. The other person waits on.',
    ],
    'relay-limit': [
      'The mediator ended the relay: it carries no more of this chat.',
      'Wait again to go on with a new one; on one network no relay is needed.',
    ],
    older: [
      'The other person’s program is older than this page.',
      'They must update undertone; then meet again, in the same room.',
    ],
    newer: [
      'The other person’s program is newer than this page.',
      `Reload the page. If that changes nothing, whoever runs ${host} must bring it up to date; or meet from a terminal.`,
    ],
    broken: [`The other program broke the protocol${because}.`, `The fault is the other person’s program. ${BOTH_UP_TO_DATE}`],
    altered: [
      `The pairing failed${because}.`,
      'Someone in between, perhaps the mediator, altered the messages.',
    ],
    identity: [
      'Somebody with another key came in the other person’s place.',
      'What waited was not sent to them. Call the other person, and start again with a new line.',
    ],
    slow: [
      'Somebody came, and broke off before showing who they are.',
      'It may have been a bad connection, or a guess at the secret. Wait again, or ask the other person.',
    ],
    'wrong-words': [
      'This chat is ended, for the words did not match twice.',
      'Someone may be in between, and have read along. Call the other person, and start again with a new line, whose invite you give them by a safe way.',
    ],
    'not-offered': [
      `Nothing was offered${because}.`,
      'Choose the files again; two of one name cannot go together.',
    ],
    internal: [
      `This page failed${because}.`,
      'Reload it. If it fails again, use a newer browser, or a terminal: undertone.',
    ],
  };
  const [reason, remedy] = known[problem.trouble];
  const left = problem.left !== undefined && problem.left > 0 && `This attempt is spent; ${problem.left} left for this invite.`;
  return { reason, remedy: [later || remedy, left].filter(Boolean).join(' ') };
}

/** `2.1 MB`, as the terminal rounds it. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = 0;
  for (; n >= 1000 && unit < units.length - 1; unit++) n /= 1000;
  return `${unit && n < 100 ? (Math.floor(n * 10) / 10).toFixed(1) : Math.floor(n)} ${units[unit]}`;
}

/** `0:47`, or hours and minutes before it. */
export function clock(seconds: number): string {
  const [s, m, h] = [seconds % 60, Math.floor(seconds / 60) % 60, Math.floor(seconds / 3600)].map(Math.floor) as [number, number, number];
  const two = (n: number) => String(n).padStart(2, '0');
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
export const time = (at: Date) => TIME.format(at);
export const day = (at: Date) => DAY.format(at);
