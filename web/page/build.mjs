// Builds the page: one script, one style sheet and the document that names their hashes.
//
//   node build.mjs OUT [ENTRY]
//
// OUT gets app.js, app.css, index.html, icon.svg and manifest.webmanifest. ENTRY is src/main.ts where
// none is given; tests give another one.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

/** What a browser compares a part with before it uses it. */
const integrity = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

/** Where the tests build too. */
export async function build(out, entry = join(here, 'src/main.ts')) {
  await mkdir(out, { recursive: true });
  const common = { minify: true, write: false, charset: 'utf8', legalComments: 'none', logLevel: 'warning' };
  const target = ['chrome120', 'firefox128', 'safari17'];
  const define = { CORE_INTEGRITY: JSON.stringify(process.env.CORE_INTEGRITY ?? '') };
  const script = await esbuild.build({ ...common, define, entryPoints: [entry], bundle: true, format: 'esm', target });
  const style = await esbuild.build({ ...common, entryPoints: [join(here, 'app.css')] });
  const parts = { 'app.js': script.outputFiles[0].contents, 'app.css': style.outputFiles[0].contents };
  let page = await readFile(join(here, 'index.html'), 'utf8');
  for (const [name, bytes] of Object.entries(parts)) {
    await writeFile(join(out, name), bytes);
    page = page.replace(`"/${name}"`, `"/${name}" integrity="${integrity(bytes)}"`);
  }
  await writeFile(join(out, 'index.html'), page);
  for (const name of ['icon.svg', 'manifest.webmanifest']) await copyFile(join(here, name), join(out, name));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [out, entry] = process.argv.slice(2);
  if (!out) throw new Error('usage: node build.mjs OUT [ENTRY]');
  await build(out, entry);
}
