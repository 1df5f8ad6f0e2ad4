// The numbers of calls and events: those of the core, by name.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const page = await load('line/fields.ts');

for (const [name, file] of [
  ['Op', 'call.rs'],
  ['Kind', 'event.rs'],
]) {
  test(`${name} has the numbers of ${file}`, async () => {
    const source = await readFile(new URL(`../../src/${file}`, import.meta.url), 'utf8');
    const [, body] = source.match(new RegExp(`enum ${name} \\{([^}]*)\\}`));
    const core = [...body.matchAll(/^ {4}(\w+) = (\d+),$/gm)].map(([, name, number]) => [name, Number(number)]);
    assert.ok(core.length > 20, `${core.length}`);
    const here = Object.entries(page[name]).filter(([, number]) => typeof number === 'number');
    assert.deepEqual(here, core);
  });
}
