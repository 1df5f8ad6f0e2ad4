// What a page remembers, where its person asked for that: an identity key that the browser keeps and
// never gives out, and whom it met: keys, names, dates. No message. Before, nothing is stored.

import type { Alarm, Memory, Trust } from '../types';

const DATABASE = 'undertone';
const STORE = 'memory';

/** Somebody whom this page met. */
interface Known {
  key: string;
  name: string;
  trust: Trust;
  lastMet: number;
  words: readonly string[];
  /** Rooms in which that was, by their tags. */
  rooms: readonly string[];
}

interface Kept {
  pair: CryptoKeyPair;
  raw: Uint8Array<ArrayBuffer>;
  name: string;
  known: Known[];
}

/** Who came, as the pairing shows it. */
export interface Newcomer {
  key: string;
  name: string;
  trust: Trust;
  words: readonly string[];
  room: string;
}

export class PageMemory implements Memory {
  readonly possible = isSecureContext && 'indexedDB' in globalThis && crypto.subtle !== undefined;
  private kept: Kept | undefined;

  private constructor(private readonly alike: (one: string, other: string) => boolean) {}

  /** Looks whether something is remembered. */
  static async load(alike: (one: string, other: string) => boolean): Promise<PageMemory> {
    const memory = new PageMemory(alike);
    // A database that is not there is not made by looking.
    const known = memory.possible ? await indexedDB.databases?.().catch(() => []) : [];
    if (known?.some(({ name }) => name === DATABASE)) {
      memory.kept = await run<Kept | undefined>('readonly', (store) => store.get(STORE)).catch(() => undefined);
    }
    return memory;
  }

  get on(): boolean {
    return this.kept !== undefined;
  }

  get name(): string {
    return this.kept?.name ?? '';
  }

  /** The public key, where it is on. */
  get identity(): Uint8Array | undefined {
    return this.kept?.raw;
  }

  async enable(): Promise<void> {
    if (this.kept || !this.possible) return;
    const pair = (await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])) as CryptoKeyPair;
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
    const kept = { pair, raw, name: '', known: [] };
    await run('readwrite', (store) => store.put(kept, STORE));
    this.kept = kept;
    // Some browsers ask their person first, who may take their time.
    void navigator.storage?.persist?.().catch(() => false);
  }

  async forget(): Promise<void> {
    this.kept = undefined;
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(DATABASE);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
    });
  }

  /** What our identity agrees on with this key. */
  async agree(theirs: Uint8Array): Promise<Uint8Array> {
    if (!this.kept) throw new Error('no key is kept here');
    const key = await crypto.subtle.importKey('raw', theirs.slice(), { name: 'X25519' }, false, []);
    const { privateKey } = this.kept.pair;
    return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: key }, privateKey, 256));
  }

  /** What is known of who came: the name and trust from before, or why that is an alarm. */
  judge({ key, name, room, words }: Newcomer): { name: string; trust?: Trust } | Alarm {
    const known = this.kept?.known ?? [];
    const same = known.find((each) => each.key === key);
    if (same) return { name: same.name, trust: same.trust };
    const [here, called] = [
      known.find((each) => each.rooms.includes(room)),
      known.find((each) => this.alike(each.name, name)),
    ];
    const other = called ?? here;
    if (!other) return { name };
    return {
      cause: called && called === here ? 'identity-changed' : called ? 'name-known' : 'room-known',
      known: other.name,
      lastMet: new Date(other.lastMet),
      wasVerified: other.trust === 'verified',
      was: other.words,
      is: words,
    };
  }

  /** Remembers who is there, under our own name, where it is on. `instead`: in place of whom an alarm
      was about. */
  async met(newcomer: Newcomer, ours: string, instead?: string): Promise<void> {
    if (!this.kept) return;
    const { key, name, trust, words, room } = newcomer;
    const before = this.kept.known.find((each) => each.key === key);
    const rooms = [...new Set([...(before?.rooms ?? []), room])];
    const rest = this.kept.known.filter((each) => each.key !== key && each.name !== instead);
    this.kept.known = [...rest, { key, name, trust, words, rooms, lastMet: Date.now() }];
    this.kept.name = ours;
    await run('readwrite', (store) => store.put(this.kept, STORE)).catch(() => {});
  }
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = act(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result as T);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}
