// What the screens and the line between two people say to each other. The screens know no socket,
// no wasm and no protocol; the line knows no DOM. Strings of other people are raw here, but for
// `Room.shown` and what `Line.safe` gives: a screen shows them by `textContent` alone, through it.

/** A room, read from what was typed, pasted or made up. */
export interface Room {
  /** What of it may be shown: its name. */
  readonly shown: string;
  /** Whether it names a secret, so that only somebody who has it can come. */
  readonly hasSecret: boolean;
  /** The link for the other person: to the mediator of this page, secret included. */
  readonly link: string;
  /** What a terminal runs to come to the same room. */
  readonly command: string;
}

/** How a link goes. `address` is the peer's, where the browser tells it. */
export interface Path {
  readonly kind: 'direct' | 'relay';
  readonly address?: string;
}

/** What is known of the other person's key. */
export type Trust = 'not-verified' | 'invite' | 'verified';

/** Who is at the other end. */
export interface Peer {
  /** What it calls itself, or what it is known as here. */
  readonly name: string;
  readonly trust: Trust;
  /** Fingerprint of its key: words. */
  readonly key: readonly string[];
  /** Four words to read out; those to hear are never shown. */
  readonly ours: readonly string[];
  /** It takes offers of files. */
  readonly takesFiles: boolean;
}

/** Why something failed, and what to do about it. The codes are those of the screens' texts. */
export type Trouble =
  | 'room' // what was typed is no room; `detail` says why
  | 'elsewhere' // an invite to another mediator; `detail` is its address
  | 'name' // what was typed is no name; `detail` says why
  | 'mediator-unreachable'
  | 'mediator-refused' // `detail` is the mediator's word, `retryIn` its time
  | 'mediator-version'
  | 'room-busy' // this room's seat was taken by a copy of this page
  | 'secret' // somebody came whose secret is another one
  | 'spent' // three such attempts: the invite is dead
  | 'no-path' // neither a direct path nor a relay
  | 'relay-limit'
  | 'older' // the other program is older than this page
  | 'newer' // it is newer
  | 'broken' // the other program broke the protocol; `detail` says how
  | 'altered' // somebody in between altered what was said; `detail` says what showed it
  | 'identity' // a resumed session showed another key
  | 'slow' // paired, and the other end did not go on in time
  | 'wrong-words' // the words did not match twice
  | 'not-offered' // files that cannot be offered; `detail` says why
  | 'internal';

export interface Problem {
  readonly trouble: Trouble;
  /** Raw text of others or of the core: to be shown through `safe`. */
  readonly detail?: string;
  /** Seconds until another try makes sense. */
  readonly retryIn?: number;
  /** Whether the attempt counts against the invite, and how many are left. */
  readonly left?: number;
}

/** A known name or room with another key: the chat is blocked until a person decides. */
export interface Alarm {
  readonly cause: 'identity-changed' | 'name-known' | 'room-known';
  readonly known: string;
  readonly lastMet: Date;
  readonly wasVerified: boolean;
  readonly was: readonly string[];
  readonly is: readonly string[];
}

/** What one offer of files is, and how far it is. */
export interface Transfer {
  readonly id: number;
  readonly outgoing: boolean;
  /** What it is called: one name, or "photos and 1 more". */
  readonly title: string;
  /** Up to ten names of it, marked where hidden or executable. */
  readonly names: readonly { name: string; mark?: 'hidden' | 'executable' }[];
  readonly files: number;
  /** Bytes; undefined where the sender does not know. */
  readonly size?: number;
  readonly state:
    | 'offered' // waits for an answer
    | 'moving' // acknowledged bytes grow
    | 'paused' // the receiver's disk is full
    | 'waiting' // the link is lost; it goes on by itself
    | 'saving'
    | 'done' // the receiver said so
    | 'refused'
    | 'cancelled'
    | 'failed'; // `why`
  readonly why?: string;
  /** Bytes that the receiver has acknowledged. */
  readonly done: number;
  /** Bytes a second. */
  readonly rate?: number;
}

export type Event =
  /** The seat is taken; the other person is awaited. */
  | { kind: 'waiting'; expiresIn: number }
  /** Somebody came; a path is sought. */
  | { kind: 'connecting' }
  /** A link counts. `resumed`: after an interruption, in the same session. */
  | { kind: 'connected'; peer: Peer; path: Path; resumed: boolean }
  /** Another way is taken; nothing was lost. */
  | { kind: 'path'; path: Path }
  /** No answer for some seconds, or, `false`, an answer again. */
  | { kind: 'unstable'; unstable: boolean }
  /** The link is lost and sought again. */
  | { kind: 'reconnecting'; why: string; queued: number }
  | { kind: 'message'; id: number; text: string; sent: Date; resent: boolean }
  /** Our messages up to this number have arrived. */
  | { kind: 'delivered'; upTo: number }
  /** What we say arrives and is not acknowledged: the peer's chat is blocked. */
  | { kind: 'withheld' }
  /** Comes after `connected`: its peer is who is there now. */
  | { kind: 'alarm'; alarm: Alarm }
  /** What we know of the peer changed: verified, or let in. The alarm is over. */
  | { kind: 'trust'; peer: Peer }
  /** The words that were typed do not match: one retry is left; or they are one's own, or no words,
      and nothing is lost. */
  | { kind: 'words-differ'; how: 'differ' | 'own' | 'no-words' }
  | { kind: 'transfer'; transfer: Transfer }
  /** Something went wrong, and it goes on (`spent` attempts among these). */
  | { kind: 'remark'; problem: Problem }
  /** It is over. */
  | { kind: 'ended'; how: 'left' | 'peer-left' | 'peer-failed' }
  | { kind: 'ended'; how: 'failed'; problem: Problem };

/** What this page remembers, if it was asked to. */
export interface Memory {
  /** Whether this page may remember at all: https or loopback, and the browser can. */
  readonly possible: boolean;
  readonly on: boolean;
  /** The name used last, where it is on. */
  readonly name?: string;
  enable(): Promise<void>;
  /** Forgets the identity and everybody. */
  forget(): Promise<void>;
}

/** The line to one person. */
export interface Line {
  /** What may be shown of others' text: one line, or several. */
  safe(text: string, lines?: 'one' | 'many'): string;
  /** Reads what follows `#` in a link, a link, or a room's name. */
  readRoom(text: string): Room | Problem;
  /** A room that nobody else knows. */
  makeRoom(): Room;
  /** Why this is no display name, or undefined. */
  checkName(name: string): string | undefined;
  /** Takes a seat. Before this nothing is sent. Once it is over, another call waits again. */
  join(room: Room, name: string): void;
  /** Bytes of UTF-8 that one message holds at most. */
  readonly longest: number;
  /** Says something, and gives its number; undefined where too much is unacknowledged. */
  say(text: string): number | undefined;
  /** This message of the peer's stands on the screen: only now is it acknowledged. */
  shown(id: number): void;
  /** Compares the words that the person heard. */
  verify(heard: string): void;
  /** At an alarm: lets the new key in, not verified. */
  trust(): void;
  offer(files: readonly File[]): void;
  accept(transfer: number): void;
  reject(transfer: number): void;
  cancel(transfer: number): void;
  /** Says goodbye, once what was said has gone out. */
  leave(): void;
  /** The page is shown again, or the network is back: reconnect at once. */
  wake(): void;
  readonly memory: Memory;
}

/** Starts the core; `heard` gets every event, in order, never inside a call of a screen's. */
export type Open = (heard: (event: Event) => void) => Promise<Line>;
