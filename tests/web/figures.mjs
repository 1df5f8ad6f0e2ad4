// How fast the page is there, on the line, and talking: printed, not judged. Not one of the tests:
//
//   cargo build --release --workspace && UNDERTONE_TEST_PROFILE=release node --test --test-reporter=spec figures.mjs

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join as path_of } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inEach, open } from './lib/browsers.mjs';
import { inviteOf, join, shown } from './lib/page.mjs';
import { MEDIATOR, THERE, inNetwork } from './lib/network.mjs';
import { startMediatorAt, startTerminal } from './lib/programs.mjs';
import { watch } from './lib/times.mjs';

const TURNS = 7;
/** Of a file: 400 times 16 KiB. */
const SIZE = 400 * 16 * 1024;
const { machine } = THERE;

const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
const say = (kind, what, all, unit = 'ms') =>
  console.log(`${kind}: ${what}: ${Math.round(median(all) * 10) / 10} ${unit} (${all.map((one) => Math.round(one * 10) / 10).join(', ')})`);

/** Milliseconds of CPU time that a process has had. */
function cpu(pid) {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) * 10;
}

async function meet(t, browser, mediator, pageFirst) {
  const blank = await open(t, browser, 'about:blank');
  await blank.page.evaluateOnNewDocument(watch);
  let ada;
  if (pageFirst) {
    await blank.page.goto(`http://${MEDIATOR.address}:${mediator.port}`);
    await join(blank.page, 'bea');
    ada = startTerminal(t, { machine, name: 'ada', room: await inviteOf(blank.page) });
  } else {
    ada = startTerminal(t, { mediator, machine, name: 'ada', room: 'amber-falcon#cedar-otter' });
    await blank.page.goto((await ada.event('waiting')).invite);
    await join(blank.page, 'bea');
  }
  await shown(blank.page, '.chat');
  await ada.event('connected', ({ path }) => path === 'direct');
  return { page: blank.page, ada };
}

inNetwork(fileURLToPath(import.meta.url), () => {
  inEach('there', async (t, browser, kind) => {
    if (kind !== 'chromium') return;
    const mediator = await startMediatorAt(t, MEDIATOR);
    const times = [];
    let bytes = 0;
    for (let turn = 0; turn < TURNS; turn += 1) {
      const { page } = await open(t, browser, 'about:blank');
      await page.evaluateOnNewDocument(watch);
      const cdp = await page.createCDPSession();
      await cdp.send('Network.enable');
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
      bytes = 0;
      cdp.on('Network.loadingFinished', (done) => (bytes += done.encodedDataLength));
      await page.goto(`http://${MEDIATOR.address}:${mediator.port}/#amber-falcon#cedar-otter`, { waitUntil: 'networkidle0' });
      await shown(page, '.ask .main');
      times.push(await page.evaluate(() => window.times.ask));
      // Its slowness is made by work.
      await page.close();
    }
    console.log(`${kind}: on the wire: ${bytes} bytes`);
    say(kind, 'open to Join, CPU at a quarter', times);
  });

  inEach('live', async (t, browser, kind) => {
    const mediator = await startMediatorAt(t, MEDIATOR);
    for (const pageFirst of [true, false]) {
      const times = [];
      for (let turn = 0; turn < TURNS; turn += 1) {
        const { page, ada } = await meet(t, browser, mediator, pageFirst);
        times.push(await page.evaluate(() => window.times.chat - window.times.paired));
        ada.say('/quit');
        await ada.exit();
        await page.close();
      }
      say(kind, `paired to live, the page ${pageFirst ? 'waits' : 'comes'}`, times);
    }
  });

  inEach('files', async (t, browser, kind) => {
    const mediator = await startMediatorAt(t, MEDIATOR);
    const folder = mkdtempSync('/run/files-');
    const path = path_of(folder, 'file');
    writeFileSync(path, randomBytes(SIZE));
    const { page, ada } = await meet(t, browser, mediator, false);
    const timed = async (what, begin, id) => {
      const [begun, before] = [performance.now(), cpu(ada.pid)];
      await begin();
      await ada.event('file', (event) => event.id === id && event.state === 'done');
      say(kind, `${what} the terminal`, [SIZE / 1000 / (performance.now() - begun)], 'MB/s');
      say(kind, 'CPU of the terminal', [cpu(ada.pid) - before]);
    };
    for (let turn = 0; turn < 3; turn += 1) {
      mkdirSync(`${folder}/turn-${turn}`);
      ada.say(`/send ${path}`);
      const { id } = await ada.event('file', ({ state }) => state === 'waiting');
      const accept = await page.waitForSelector('.card.theirs .choices .main');
      await timed('from', () => accept.click(), id);
      await page.waitForSelector('.card.theirs .choices .main', { hidden: true });
      const [input] = await page.$$('input[type=file]');
      await input.uploadFile(path);
      const offered = await ada.event('file', ({ state }) => state === 'offered');
      await timed('to', async () => ada.say(`/accept ${offered.id} ${folder}/turn-${turn}`), offered.id);
    }
  });
});
