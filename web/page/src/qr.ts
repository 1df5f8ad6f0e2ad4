// A text as a QR code (ISO/IEC 18004): byte mode, error correction L or M, versions 1 to 15.
// Text goes in, rows of modules come out; drawing is `ui/picture.ts`.

/** Error correction, and its two bits in the format information (§7.9). */
export type Level = 'L' | 'M';
const LEVEL_BITS: Record<Level, number> = { L: 1, M: 0 };

// Table 9: error correction codewords of a block, and blocks, by version.
const CHECK: Record<Level, number[]> = {
  L: [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22],
  M: [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24],
};
const BLOCKS: Record<Level, number[]> = {
  L: [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6],
  M: [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10],
};
const VERSIONS = 15;

/** The masks (§7.8.2): the modules for which it is 0 are inverted. */
const MASKS: ((x: number, y: number) => number)[] = [
  (x, y) => (x + y) % 2,
  (_, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => ((x / 3 | 0) + (y / 2 | 0)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

export interface Code {
  readonly version: number;
  readonly mask: number;
  /** Dark modules are 1; rows from the top, without the quiet zone. */
  readonly rows: Uint8Array[];
}

/** Multiplication in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** The Reed-Solomon remainder of `data`, `degree` codewords long. */
function checkwords(data: Uint8Array, degree: number): Uint8Array {
  const divisor = new Uint8Array(degree);
  divisor[degree - 1] = 1;
  for (let i = 0, root = 1; i < degree; i++, root = times(root, 2)) {
    for (let j = 0; j < degree; j++) divisor[j] = times(divisor[j]!, root) ^ (divisor[j + 1] ?? 0);
  }
  const rest = new Uint8Array(degree);
  for (const byte of data) {
    const factor = byte ^ rest[0]!;
    rest.copyWithin(0, 1);
    rest[degree - 1] = 0;
    divisor.forEach((value, i) => (rest[i]! ^= times(value, factor)));
  }
  return rest;
}

/** Modules that hold codewords (§6), the remainder bits left out. */
function capacity(version: number): number {
  let modules = (16 * version + 128) * version + 64;
  if (version > 1) {
    const aligned = (version / 7 | 0) + 2;
    modules -= (25 * aligned - 10) * aligned - 55;
    if (version > 6) modules -= 36;
  }
  return modules >> 3;
}

/** The codewords of all blocks, interleaved (§7.6). */
function codewords(bytes: Uint8Array, version: number, level: Level): Uint8Array | undefined {
  const [check, blocks] = [CHECK[level][version - 1]!, BLOCKS[level][version - 1]!];
  const total = capacity(version);
  const room = total - check * blocks;
  const bits: number[] = [];
  const put = (value: number, length: number) => {
    while (length--) bits.push((value >> length) & 1);
  };
  put(4, 4); // byte mode
  put(bytes.length, version < 10 ? 8 : 16);
  bytes.forEach((byte) => put(byte, 8));
  if (bits.length > room * 8) return undefined;
  put(0, Math.min(4, room * 8 - bits.length));
  put(0, -bits.length & 7);
  for (let pad = 0xec; bits.length < room * 8; pad ^= 0xec ^ 0x11) put(pad, 8);
  const data = new Uint8Array(room);
  bits.forEach((bit, i) => (data[i >> 3]! |= bit << (7 - (i & 7))));

  const short = (room / blocks) | 0;
  const longer = room % blocks; // so many blocks at the end hold one more
  const parts: [Uint8Array, Uint8Array][] = [];
  for (let n = 0, at = 0; n < blocks; n++) {
    const length = short + (n >= blocks - longer ? 1 : 0);
    const part = data.subarray(at, (at += length));
    parts.push([part, checkwords(part, check)]);
  }
  const all: number[] = [];
  for (const which of [0, 1] as const) {
    for (let i = 0; i <= Math.max(short, check); i++) {
      for (const part of parts) if (i < part[which].length) all.push(part[which][i]!);
    }
  }
  return Uint8Array.from(all);
}

/** The remainder of a BCH code, behind its value (§7.9, §7.10). */
function bch(value: number, generator: number, degree: number): number {
  let rest = value;
  for (let i = 0; i < degree; i++) rest = (rest << 1) ^ ((rest >> (degree - 1)) * generator);
  return (value << degree) | rest;
}

/** How bad a picture is for a reader (§7.8.3). */
function penalty(rows: Uint8Array[]): number {
  const size = rows.length;
  let points = 0;
  let dark = 0;
  for (let y = 0; y < size; y++) {
    for (const at of [(x: number) => rows[y]![x]!, (x: number) => rows[x]![y]!]) {
      let line = '';
      for (let x = 0; x < size; x++) line += at(x);
      for (const run of line.match(/0{5,}|1{5,}/g) ?? []) points += run.length - 2;
      for (const _ of line.matchAll(/(?=10111010000|00001011101)/g)) points += 40;
    }
    for (let x = 0; x < size; x++) {
      dark += rows[y]![x]!;
      const sum = rows[y]![x]! + (rows[y]![x + 1] ?? 9) + (rows[y + 1]?.[x] ?? 9) + (rows[y + 1]?.[x + 1] ?? 9);
      if (sum === 0 || sum === 4) points += 3;
    }
  }
  return points + 10 * (Math.ceil(Math.abs(dark * 20 - size * size * 10) / (size * size)) - 1);
}

/** Draws with one mask. */
function draw(words: Uint8Array, version: number, level: Level, mask: number): Uint8Array[] {
  const size = 17 + 4 * version;
  const rows = Array.from({ length: size }, () => new Uint8Array(size));
  const taken = Array.from({ length: size }, () => new Uint8Array(size));
  const set = (x: number, y: number, dark: boolean | number) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return;
    rows[y]![x] = +dark;
    taken[y]![x] = 1;
  };
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  const around = (cx: number, cy: number, reach: number, dark: (ring: number) => boolean) => {
    for (let y = -reach; y <= reach; y++) {
      for (let x = -reach; x <= reach; x++) set(cx + x, cy + y, dark(Math.max(Math.abs(x), Math.abs(y))));
    }
  };
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) around(x, y, 4, (ring) => ring !== 2 && ring !== 4);
  if (version > 1) {
    const count = (version / 7 | 0) + 2;
    const step = Math.ceil((size - 13) / (2 * count - 2)) * 2;
    const centres = [6];
    for (let at = size - 7; centres.length < count; at -= step) centres.splice(1, 0, at);
    const last = size - 7;
    for (const x of centres) {
      for (const y of centres) {
        if ((x === 6 && (y === 6 || y === last)) || (x === last && y === 6)) continue;
        around(x, y, 2, (ring) => ring !== 1);
      }
    }
  }
  const format = bch((LEVEL_BITS[level] << 3) | mask, 0x537, 10) ^ 0x5412;
  for (let i = 0; i < 15; i++) {
    const bit = (format >> i) & 1;
    set(8, i < 6 ? i : i < 8 ? i + 1 : size - 15 + i, bit);
    set(i < 8 ? size - 1 - i : i < 9 ? 7 : 14 - i, 8, bit);
  }
  set(8, size - 8, 1);
  if (version > 6) {
    const bits = bch(version, 0x1f25, 12);
    for (let i = 0; i < 18; i++) {
      const [far, near] = [size - 11 + (i % 3), (i / 3) | 0];
      set(far, near, (bits >> i) & 1);
      set(near, far, (bits >> i) & 1);
    }
  }
  let bit = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const y = (right + 1) & 2 ? step : size - 1 - step;
      for (const x of [right, right - 1]) {
        if (taken[y]![x]) continue;
        const dark = ((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
        rows[y]![x] = dark ^ +(MASKS[mask]!(x, y) === 0);
        bit++;
      }
    }
  }
  return rows;
}

/** The smallest code that holds `text`; undefined where even the largest does not. */
export function encode(text: string, level: Level): Code | undefined {
  const bytes = new TextEncoder().encode(text);
  for (let version = 1; version <= VERSIONS; version++) {
    const words = codewords(bytes, version, level);
    if (!words) continue;
    let best: Code | undefined;
    let least = Infinity;
    for (let mask = 0; mask < 8; mask++) {
      const rows = draw(words, version, level, mask);
      const points = penalty(rows);
      if (points < least) [best, least] = [{ version, mask, rows }, points];
    }
    return best;
  }
  return undefined;
}
