// What a browser makes of the page: its headers, its parts, and that nothing is sent before a click.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { INSECURE, inEach, open } from './lib/browsers.mjs';
import { startBetween } from './lib/between.mjs';
import { startMediator, within } from './lib/programs.mjs';

const core = gunzipSync(readFileSync(new URL('../../mediator/assets/core.wasm.gz', import.meta.url)));

/** Where the page is: loopback is a secure context to a browser, a name is none. */
const places = (port) => [`http://127.0.0.1:${port}`, `http://${INSECURE}:${port}`];

inEach('the page keeps to its own policy', async (t, browser) => {
  const mediator = await startMediator(t, '--page-host', INSECURE);
  for (const place of places(mediator.port)) {
    const { page, response, seen } = await open(t, browser, `${place}/#amber-falcon#cedar-otter`);
    assert.equal(response.status(), 200);
    const fields = response.headers();
    assert.match(fields['content-security-policy'], /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
    assert.match(fields['content-security-policy'], /; require-trusted-types-for 'script'; trusted-types 'none'$/);
    assert.equal(fields['cross-origin-opener-policy'], 'same-origin');
    assert.equal(fields['cross-origin-embedder-policy'], 'require-corp');
    assert.equal(await page.evaluate(() => isSecureContext), !place.includes(INSECURE));
    const { violations, errors } = await seen();
    assert.deepEqual({ violations, errors }, { violations: [], errors: [] }, place);
    assert.equal(await page.evaluate(() => document.cookie), '');
    // What it forbids is seen: the test can fail.
    await page.evaluate(() => {
      const image = new Image();
      const refused = new Promise((resolve) => addEventListener('securitypolicyviolation', resolve));
      image.src = 'http://evil.test/x.png';
      return refused.then(() => true);
    });
    assert.deepEqual((await seen()).violations.map((violation) => violation.split(' ')[0]), ['img-src']);
  }
});

inEach('every part comes as what it is', async (t, browser) => {
  const mediator = await startMediator(t);
  const { page } = await open(t, browser, mediator.url);
  const parts = { '/app.js': 'text/javascript', '/app.css': 'text/css', '/icon.svg': 'image/svg+xml', '/manifest.webmanifest': 'application/manifest+json' };
  for (const [path, kind] of Object.entries(parts)) {
    const type = await page.evaluate(async (path) => (await fetch(path)).headers.get('content-type'), path);
    assert.equal(type.split(';')[0], kind, path);
  }
});

inEach('the core loads by its hash and by no other', async (t, browser) => {
  const mediator = await startMediator(t, '--page-host', INSECURE);
  const hash = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;
  for (const place of places(mediator.port)) {
    const { page } = await open(t, browser, place);
    const load = (integrity) =>
      page.evaluate(async (integrity) => {
        try {
          const response = await fetch('/core.wasm', { integrity });
          await WebAssembly.compileStreaming(response.clone());
          return (await response.arrayBuffer()).byteLength;
        } catch (error) {
          return error.name;
        }
      }, integrity);
    assert.equal(await load(hash(core)), core.length, place);
    assert.equal(await load(hash('another')), 'TypeError', place);
  }
});

inEach('opening an invite sends nothing before a click', async (t, browser) => {
  const between = await startBetween(t, await startMediator(t));
  const { page, seen } = await open(t, browser, `http://127.0.0.1:${between.port}/#amber-falcon#cedar-otter`, { waitUntil: 'networkidle0' });
  const { sockets, peers } = await seen();
  assert.deepEqual({ sockets, peers }, { sockets: [], peers: 0 });
  assert.deepEqual(between.upgrades(), []);
  assert.equal(between.datagrams, 0);
  for (const head of between.requests) {
    assert.doesNotMatch(head, /amber|falcon|cedar|otter/, 'the invite stays in the browser');
    assert.match(head, /^GET \/[a-z.]* HTTP\/1\.1\r\n/);
  }
  // Each of them is seen where it happens: the test can fail.
  const heard = within('a datagram', between.heard());
  await page.evaluate(async (port) => {
    const socket = new WebSocket(`ws://${location.host}/v1/rendezvous`);
    await new Promise((opened) => (socket.onopen = opened));
    const peer = new RTCPeerConnection({ iceServers: [{ urls: `stun:127.0.0.1:${port}` }] });
    peer.createDataChannel('x');
    await peer.setLocalDescription();
  }, between.port);
  await heard;
  assert.equal(between.upgrades().length, 1);
  assert.equal((await seen()).peers, 1);
});
