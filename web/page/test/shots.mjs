// Pictures of every screen: node shots.mjs OUT [BROWSER …] [--scene NAME] [--size WxH]

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { browsers, launch, open, serve } from './harness.mjs';
import { scenes } from './scenes.mjs';

const SIZES = [[320, 640], [390, 844], [1280, 800], [3840, 2160]];
const given = process.argv.slice(2);
const option = (name) => (given.includes(name) ? given.splice(given.indexOf(name), 2)[1] : undefined);
const [only, size] = [option('--scene'), option('--size')];
const [out, ...which] = given;
if (!out) throw new Error('usage: node shots.mjs OUT [BROWSER …] [--scene NAME] [--size WxH]');
await mkdir(out, { recursive: true });
const sizes = size ? [size.split('x').map(Number)] : SIZES;
const site = await serve();
for (const name of which.length ? which : browsers) {
  for (const dark of [false, true]) {
    const browser = await launch(name, { dark });
    for (const [scene, { fragment, steps }] of Object.entries(scenes)) {
      if (only && !only.split(',').includes(scene)) continue;
      const page = await open(browser, site, { fragment });
      await steps(page);
      for (const [width, height] of sizes) {
        await page.setViewport({ width, height });
        await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
        const path = join(out, `${scene}-${name}-${width}-${dark ? 'dark' : 'light'}.png`);
        await page.screenshot({ path });
      }
      for (const fault of page.faults) console.log(scene, name, fault);
      await page.close();
    }
    await browser.close();
  }
}
await site.close();
