// What is spent of each invite in this page: an attempt counts once our SEALED goes out, whatever ends
// it before the other end has shown who it is (PROTOCOL.md §4). A page keeps no count beyond its life.

import type { Room } from '../types';

/** So many attempts may fail before an invite is dead. */
const ATTEMPTS = 3;

export class Spending {
  /** By the invite's link. */
  private readonly spent = new Map<string, number>();

  /** Our SEALED is about to go out. */
  begin({ link }: Room): void {
    this.spent.set(link, (this.spent.get(link) ?? 0) + 1);
  }

  /** Somebody was there who has the secret: nothing is spent any more. */
  succeeded({ link }: Room): void {
    this.spent.delete(link);
  }

  /** How many attempts the invite has left. */
  left({ link }: Room): number {
    return Math.max(0, ATTEMPTS - (this.spent.get(link) ?? 0));
  }
}
