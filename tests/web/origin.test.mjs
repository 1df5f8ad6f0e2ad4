// Pages that are not the mediator's own, in real browsers: no seat for them.

import assert from 'node:assert/strict';
import { EVIL, INSECURE, inEach, open } from './lib/browsers.mjs';
import { startBetween } from './lib/between.mjs';
import { startMediator } from './lib/programs.mjs';

const PAGE = '<!doctype html><title>another page</title>';

/** Whether a WebSocket to there opens from this page. */
const opens = (page, host) =>
  page.evaluate(
    (host) =>
      new Promise((answer) => {
        const socket = new WebSocket(`ws://${host}/v1/rendezvous`);
        socket.onopen = () => answer(true);
        socket.onerror = () => answer(false);
        // Firefox throws where the page's own policy forbids it.
      }).catch(() => false),
    host,
  );

inEach('a page of another origin gets no seat', async (t, browser) => {
  const mediator = await startMediator(t, '--page-host', INSECURE);
  const other = await startBetween(t, mediator);
  other.html = PAGE;
  const hosts = ['127.0.0.1', 'localhost', INSECURE].map((name) => `${name}:${mediator.port}`);
  for (const name of ['127.0.0.1', 'localhost', EVIL]) {
    const { page } = await open(t, browser, `http://${name}:${other.port}`);
    for (const host of hosts) assert.equal(await opens(page, host), false, `${name} to ${host}`);
  }
  // A document without an origin of its own.
  const { page } = await open(t, browser, `data:text/html,${PAGE}`);
  for (const host of hosts) assert.equal(await opens(page, host), false, host);
  for (const host of hosts) {
    const own = await open(t, browser, `http://${host}`);
    for (const to of hosts) assert.equal(await opens(own.page, to), to === host, `${host} to ${to}`);
  }
});

inEach('a name that is rebound to the mediator gets neither page nor seat', async (t, browser) => {
  const between = await startBetween(t, await startMediator(t));
  for (const [name, is] of [[EVIL, false], ['127.0.0.1', true]]) {
    const host = `${name}:${between.port}`;
    between.html = PAGE;
    const { page } = await open(t, browser, `http://${host}`);
    assert.equal(await page.title(), 'another page');
    // From here on the name leads to the mediator: one origin to the browser.
    between.html = undefined;
    assert.equal(await opens(page, host), is, name);
    assert.match(between.upgrades().at(-1), new RegExp(`^origin: http://${name}:`, 'im'));
    const status = await page.evaluate(async () => (await fetch('/app.js')).status);
    assert.equal(status, is ? 200 : 403, name);
  }
});

inEach('no other page embeds ours', async (t, browser) => {
  const mediator = await startMediator(t);
  const other = await startBetween(t, mediator);
  other.html = `${PAGE}<iframe src="${mediator.url}"></iframe>`;
  const { page } = await open(t, browser, `http://127.0.0.1:${other.port}`);
  const frames = await Promise.all(page.frames().slice(1).map((frame) => frame.evaluate(() => document.title).catch(() => '')));
  assert.ok(frames.every((title) => !title.includes('undertone')), frames.join());
});
