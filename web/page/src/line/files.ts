// Files, both ways: what is offered is read from the browser's files as the other end takes it, and what
// is accepted is kept by the browser until all of it is there, then handed to its downloads.

import type { Event, Transfer } from '../types';
import type { Core, Told } from './core';
import { Kind, Op, Reader, Writer } from './fields';

/** Pieces are handed to the browser to keep once they are so many bytes. */
const KEPT = 4 * 1024 * 1024;
/** No more bytes are taken of one offer: the browser keeps it until it is whole. */
const MOST = 4 * 1024 ** 3;
/** Nor more files: each is a download of its own. */
const MOST_FILES = 1000;
/** So many names are told of those that were left out. */
const NAMED = 10;
/** Progress is told at most this often, in milliseconds. */
const TOLD_EVERY = 200;
/** A downloaded file's address is given up after so long, in milliseconds. */
const DOWNLOAD_WITHIN = 60_000;

/** Outcomes, by the number of PROTOCOL.md §7. */
const RECEIVED = 0;
const DECLINED = 1;
const UNREADABLE = 4;
const CANCELLED = 5;
const TOO_LARGE = 6;
const WHY = ['', '', 'the other side has no space', 'the other side cannot write there', 'it changed, or cannot be read', '', 'it is too large', 'it was damaged on the way, or its sender broke the protocol', 'the other side could not go on'];

const TOO_MUCH = `a page takes ${MOST / 1024 ** 3} GiB and ${MOST_FILES} files at the most: a terminal takes more`;

/** A file that comes: its bytes so far. */
interface Coming {
  path: string;
  /** As announced; 0 where its sender does not know. */
  size: number;
  parts: (Blob | Uint8Array<ArrayBuffer>)[];
  /** Bytes in parts that the browser does not keep yet. */
  loose: number;
  length: number;
  whole: boolean;
}

interface Mine {
  told: Transfer;
  files: readonly File[];
  coming: Coming[];
  /** Bytes of all that comes, holes among them. */
  kept: number;
  toldAt: number;
  /** Of what was told at last, and when: for the rate. */
  mark: { at: number; done: number };
}

/** All transfers of a line. */
export class Files {
  private readonly all = new Map<number, Mine>();

  constructor(
    private readonly core: Core,
    private readonly heard: (event: Event) => void,
    private readonly save: (name: string, file: Blob) => void = download,
  ) {}

  /** Offers files; why not, where that cannot be. */
  offer(files: readonly File[]): string | undefined {
    const call = new Writer();
    for (const { name, size, lastModified } of files) {
      call.text(name).number(size).number(Math.max(0, Math.floor(lastModified / 1000)));
    }
    const answer = this.core.ask(Op.Files, call, Kind.Offered, Kind.Refused);
    if (answer?.kind !== Kind.Offered) return answer?.fields.text() ?? 'nobody is there';
    this.offered(answer.fields, files);
    return undefined;
  }

  answer(number: number, accept: boolean): void {
    const mine = this.all.get(number);
    if (!mine || mine.told.state !== 'offered') return;
    const { size, files } = mine.told;
    if (accept && ((size ?? 0) > MOST || files > MOST_FILES)) return this.cancel(number, TOO_LARGE);
    if (accept) this.tell(number, { state: 'moving' });
    this.core.ask(Op.Answer, new Writer().u32(number).u8(accept ? 1 : 0));
  }

  cancel(number: number, outcome = CANCELLED): void {
    this.core.ask(Op.Cancel, new Writer().u32(number).u8(outcome));
  }

  /** The link is lost, or there again. */
  linked(linked: boolean): void {
    for (const [number, { told }] of this.all) {
      if (linked && told.state === 'waiting') this.tell(number, { state: 'moving' });
      if (!linked && told.state === 'moving') this.tell(number, { state: 'waiting' });
    }
  }

  /** What the core tells; whether it was about files. */
  take({ kind, fields }: Told): boolean {
    switch (kind) {
      case Kind.Offered:
        this.offered(fields, []);
        return true;
      case Kind.Read:
        void this.read(fields);
        return true;
      case Kind.Begin:
        this.all.get(fields.u32())?.coming.push({ path: fields.text(), size: fields.number(), parts: [], loose: 0, length: 0, whole: false });
        return true;
      case Kind.Write:
        this.write(fields);
        return true;
      case Kind.End: {
        const number = fields.u32();
        const last = this.all.get(number)?.coming.at(-1);
        // It may end in a hole.
        const file = last && this.reached(number, Math.max(last.size, last.length), 0);
        if (file) file.whole = fields.u8() === 0;
        return true;
      }
      case Kind.Progress:
        this.progress(fields);
        return true;
      case Kind.Whole:
        this.whole(fields.u32());
        return true;
      case Kind.Outcome:
        this.ended(fields.u32(), fields.u8());
        return true;
      case Kind.Paused:
        this.tell(fields.u32(), { state: 'paused' });
        return true;
      default:
        return false;
    }
  }

  private offered(fields: Reader, files: readonly File[]): void {
    const id = fields.u32();
    const [outgoing, title, count, size] = [fields.u8() === 1, fields.text(), fields.number(), fields.number()];
    const names = Array.from({ length: fields.u8() }, () => {
      const [name, mark] = [fields.text(), fields.u8()];
      return { name, ...(mark === 1 && { mark: 'hidden' as const }), ...(mark === 2 && { mark: 'executable' as const }) };
    });
    const told: Transfer = { id, outgoing, title, names, files: count, ...(size >= 0 && { size }), state: 'offered', done: 0 };
    const now = performance.now();
    this.all.set(id, { told, files, coming: [], kept: 0, toldAt: 0, mark: { at: now, done: 0 } });
    this.heard({ kind: 'transfer', transfer: told });
  }

  private async read(fields: Reader): Promise<void> {
    const [number, file, at, length] = [fields.u32(), fields.u32(), fields.number(), fields.number()];
    const source = this.all.get(number)?.files[file];
    try {
      if (!source) throw new Error('no file');
      const bytes = new Uint8Array(await source.slice(at, at + length).arrayBuffer());
      if (bytes.length !== length) throw new Error('it is shorter');
      this.core.ask(Op.Read, new Writer().u32(number).u32(file).number(at).raw(bytes));
    } catch {
      this.cancel(number, UNREADABLE);
    }
  }

  private write(fields: Reader): void {
    const [number, at] = [fields.u32(), fields.number()];
    const bytes = fields.rest().slice();
    const file = this.reached(number, at, bytes.length);
    if (!file) return;
    file.parts.push(bytes);
    file.loose += bytes.length;
    file.length += bytes.length;
    if (file.loose >= KEPT) this.keep(file);
  }

  /** The file that comes, with zeros up to `at` where a hole is; undefined where that, and as many bytes
      behind it, is more than is taken: its sender did not know how much it would be, or did not say. */
  private reached(number: number, at: number, more: number): Coming | undefined {
    const mine = this.all.get(number);
    const file = mine?.coming.at(-1);
    if (!mine || !file) return undefined;
    mine.kept += at - file.length + more;
    if (mine.kept > MOST) {
      mine.coming = [];
      this.cancel(number, TOO_LARGE);
      return undefined;
    }
    if (at > file.length) {
      // Zeros that the browser keeps, in pieces that are the same one.
      this.keep(file);
      const zeros = new Blob([new Uint8Array(Math.min(KEPT, at - file.length))]);
      for (let left = at - file.length; left > 0; left -= KEPT) file.parts.push(left < KEPT ? zeros.slice(0, left) : zeros);
      file.length = at;
    }
    return file;
  }

  /** Hands what came to the browser, which keeps it outside of the page's memory. */
  private keep(file: Coming): void {
    if (file.parts.length > 1 || file.loose > 0) file.parts = [new Blob(file.parts)];
    file.loose = 0;
  }

  private progress(fields: Reader): void {
    const number = fields.u32();
    const [done, total] = [fields.number(), fields.number()];
    const mine = this.all.get(number);
    if (!mine) return;
    if (!mine.told.outgoing) this.core.ask(Op.Took, new Writer().u32(number).number(done));
    const now = performance.now();
    if (now < mine.toldAt + TOLD_EVERY && done < total) return;
    mine.toldAt = now;
    const { at, done: before } = mine.mark;
    const rate = now > at ? ((done - before) * 1000) / (now - at) : undefined;
    if (now > at + 2000) mine.mark = { at: now, done };
    // The data has names in it beside the files.
    const shown = Math.min(done, mine.told.size ?? done);
    this.tell(number, { state: mine.told.outgoing && done >= total ? 'saving' : 'moving', done: shown, ...(rate && { rate }) });
  }

  /** All of it is here: each file goes where the browser puts what is downloaded. */
  private whole(number: number): void {
    const mine = this.all.get(number);
    if (!mine) return;
    this.tell(number, { state: 'saving' });
    const missing: string[] = [];
    for (const file of mine.coming) {
      if (file.whole || mine.told.size === undefined) {
        this.keep(file);
        this.save(file.path.replaceAll('/', ' - '), new Blob(file.parts));
      } else missing.push(file.path);
    }
    if (missing.length > 0) {
      const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
      this.tell(number, { why: `not whole, and left out: ${missing.slice(0, NAMED).join(', ')}${more}` });
    }
    this.core.ask(Op.Saved, new Writer().u32(number));
  }

  private ended(number: number, outcome: number): void {
    const mine = this.all.get(number);
    if (!mine) return;
    mine.coming = [];
    const { size, done } = mine.told;
    switch (outcome) {
      case RECEIVED:
        this.tell(number, { state: 'done', done: size ?? done });
        break;
      case DECLINED:
        this.tell(number, { state: 'refused' });
        break;
      case CANCELLED:
        this.tell(number, { state: 'cancelled' });
        break;
      default: {
        const why = outcome === TOO_LARGE && !mine.told.outgoing ? TOO_MUCH : WHY[outcome];
        this.tell(number, { state: 'failed', why: why ?? WHY[8] ?? '' });
      }
    }
    this.all.delete(number);
  }

  private tell(number: number, change: Partial<Transfer>): void {
    const mine = this.all.get(number);
    if (!mine) return;
    mine.told = { ...mine.told, ...change };
    this.heard({ kind: 'transfer', transfer: mine.told });
  }

  /** The line is over. */
  end(): void {
    for (const number of this.all.keys()) this.tell(number, { state: 'failed', why: 'the line ended' });
    this.all.clear();
  }
}

/** Hands a file to the browser's downloads. */
function download(name: string, file: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_WITHIN);
}
