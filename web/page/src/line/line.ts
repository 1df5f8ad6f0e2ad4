// The line to one person, as the screens have it: rooms and names are read, and there is one conversation
// at a time.

import type { Event, Line, Problem, Room } from '../types';
import { Conversation } from './conversation';
import type { Core, Told } from './core';
import { Kind, Op, Writer } from './fields';
import type { PageMemory } from './memory';
import { Spending } from './spending';

/** Bytes of a message at most. */
const LONGEST = 16 * 1024;

export class TheLine implements Line {
  readonly longest = LONGEST;
  private readonly spending = new Spending();
  private current: Conversation | undefined;

  constructor(
    private readonly core: Core,
    private readonly heard: (event: Event) => void,
    readonly memory: PageMemory,
  ) {
    core.heard = (told) => this.current?.take(told);
  }

  safe(text: string, lines: 'one' | 'many' = 'one'): string {
    const call = new Writer().u8(lines === 'many' ? 1 : 0).text(text);
    return this.core.ask(Op.Safe, call, Kind.Value)?.fields.text() ?? '';
  }

  readRoom(text: string): Room | Problem {
    return this.told(this.core.ask(Op.ReadRoom, new Writer().text(text), Kind.Room, Kind.Refused, Kind.Elsewhere));
  }

  makeRoom(): Room {
    return this.told(this.core.ask(Op.MakeRoom, new Writer(), Kind.Room)) as Room;
  }

  private told(told: Told | undefined): Room | Problem {
    if (told?.kind === Kind.Elsewhere) return { trouble: 'elsewhere', detail: told.fields.text() };
    if (told?.kind !== Kind.Room) return { trouble: 'room', detail: told?.fields.text() ?? '' };
    const { fields } = told;
    const [hasSecret, shown, link] = [fields.u8() === 1, fields.text(), fields.text()];
    return { shown, hasSecret, link, command: `undertone chat '${link}'` };
  }

  checkName(name: string): string | undefined {
    return this.core.ask(Op.CheckName, new Writer().text(name), Kind.Refused)?.fields.text();
  }

  join(room: Room, name: string): void {
    const former = this.current;
    if (former && !former.isOver) return;
    former?.forget();
    const before = former?.ended ?? Promise.resolve();
    this.current = new Conversation(this.core, this.memory, room, name, this.spending, this.heard, before);
  }

  wake(): void {
    this.core.tick();
    this.current?.wake();
  }

  say(text: string): number | undefined {
    return this.current?.say(text);
  }

  shown(id: number): void {
    this.current?.shown(id);
  }

  verify(heard: string): void {
    this.current?.verify(heard);
  }

  trust(): void {
    this.current?.trust();
  }

  offer(files: readonly File[]): void {
    const why = this.current?.files.offer(files);
    if (why) this.heard({ kind: 'remark', problem: { trouble: 'not-offered', detail: why } });
  }

  accept(transfer: number): void {
    this.current?.files.answer(transfer, true);
  }

  reject(transfer: number): void {
    this.current?.files.answer(transfer, false);
  }

  cancel(transfer: number): void {
    this.current?.files.cancel(transfer);
  }

  leave(): void {
    this.current?.leave();
  }
}
