// Compresses files for `content-encoding: gzip`, as small as that can be.
//
//   node compress.mjs FILE...
//
// Each FILE is replaced by FILE.gz. The same bytes come of the same file on every machine.

import { readFile, unlink, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import zopfli from '@gfx/zopfli';

const gzip = promisify(zopfli.gzip);

for (const file of process.argv.slice(2)) {
  await writeFile(`${file}.gz`, await gzip(await readFile(file), {}));
  await unlink(file);
}
