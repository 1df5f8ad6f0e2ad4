// The QR encoder: against pictures that another implementation drew, and through a reader.
// qr-vectors.json: SHA-256 of the rows ("0" and "1", joined by line feeds) as python-qrcode 8.2 draws
// them with that mask.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import jsqr from 'jsqr';
import { load } from './bundle.mjs';

const { encode } = await load('qr.ts');
const vectors = JSON.parse(await readFile(new URL('qr-vectors.json', import.meta.url)));

test('it draws what another implementation draws', () => {
  assert.ok(vectors.length > 20);
  for (const { text, level, version, mask, sha256 } of vectors) {
    const code = encode(text, level);
    assert.deepEqual([code.version, code.mask], [version, mask], text);
    const rows = code.rows.map((row) => row.join('')).join('\n');
    assert.equal(createHash('sha256').update(rows).digest('hex'), sha256, `${level} ${text}`);
  }
});

/** What a reader sees: four pixels a module, and the quiet zone. */
function read({ rows }) {
  const [scale, quiet] = [4, 4];
  const size = (rows.length + 2 * quiet) * scale;
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const dark = rows[Math.floor(y / scale) - quiet]?.[Math.floor(x / scale) - quiet];
      if (dark) pixels.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3);
    }
  }
  return jsqr(pixels, size, size)?.binaryData;
}

test('a reader reads it, in every version and with every mask', () => {
  const [versions, masks] = [new Set(), new Set()];
  for (let length = 1; length <= 410; length += 3) {
    const text = Array.from({ length }, (_, at) => 'abcdefghijklmnopqrstuvwxyz#-/:'[(at * 7 + length) % 30]).join('');
    for (const level of ['L', 'M']) {
      const code = encode(text, level);
      versions.add(code.version);
      masks.add(code.mask);
      assert.equal(String.fromCharCode(...(read(code) ?? [])), text);
    }
  }
  assert.equal(versions.size, 15);
  assert.equal(masks.size, 8);
});

test('what is too long has none', () => {
  assert.equal(encode('z'.repeat(520), 'L')?.version, 15);
  assert.equal(encode('z'.repeat(521), 'L'), undefined);
  assert.equal(encode('z'.repeat(413), 'M'), undefined);
});
