// What the tests of the screens share: the page on the fake line, served with the headers of the
// mediator on a port of loopback, and the two browsers of the system.

import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { build } from '../build.mjs';

const here = dirname(fileURLToPath(import.meta.url));

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json' };

/** Builds and serves the page; `asked` has every path that was asked for. */
export async function serve() {
  const out = await mkdtemp(join(tmpdir(), 'undertone-page-'));
  await build(out, join(here, 'fake-main.ts'));
  const asked = [];
  const server = createServer(async (request, response) => {
    asked.push(request.url);
    const path = request.url === '/' ? '/index.html' : request.url;
    try {
      const body = await readFile(join(out, path.slice(1)));
      response.writeHead(200, { ...HEADERS, 'content-type': TYPES[extname(path)] });
      response.end(body);
    } catch {
      response.writeHead(404, HEADERS).end();
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address();
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(out, { recursive: true });
    },
  };
}

const PATHS = { chromium: '/usr/bin/chromium', firefox: '/usr/bin/firefox-esr' };
export const browsers = Object.keys(PATHS).filter((name) => existsSync(PATHS[name]));
for (const name of Object.keys(PATHS)) if (!browsers.includes(name)) console.log(`skipped: no ${PATHS[name]} here`);

/** `dark` and `still` (reduced motion) are what the system prefers. */
export async function launch(name, { dark = false, still = true } = {}) {
  if (name === 'firefox') {
    return puppeteer.launch({
      browser: 'firefox',
      executablePath: PATHS.firefox,
      headless: true,
      extraPrefsFirefox: {
        'layout.css.prefers-color-scheme.content-override': dark ? 0 : 1,
        'ui.prefersReducedMotion': still ? 1 : 0,
        'network.dns.localDomains': 'page.test',
      },
    });
  }
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP page.test 127.0.0.1'];
  return puppeteer.launch({ executablePath: PATHS.chromium, headless: true, pipe: true, args: [...args, ...(dark ? ['--blink-settings=preferredColorScheme=0'] : ['--blink-settings=preferredColorScheme=1']), ...(still ? ['--force-prefers-reduced-motion'] : [])] });
}

/** Opens the page with this fragment; `preset` is what the fake line starts with. */
export async function open(browser, site, { fragment = '', preset = {}, size = [1280, 800], host, touch = false } = {}) {
  const page = await browser.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // On http that is not loopback Chromium leaves this header out, and says so.
    if (['error', 'warn'].includes(message.type()) && !message.text().startsWith('The Cross-Origin-Opener-Policy header has been ignored')) page.faults.push(`console: ${message.text()}`);
  });
  await page.setViewport({ width: size[0], height: size[1], hasTouch: touch, isMobile: touch });
  await page.evaluateOnNewDocument((preset) => {
    if (!location.protocol.startsWith('http')) return;
    sessionStorage.setItem('fake', preset);
    addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
  }, JSON.stringify(preset));
  const origin = host ? `http://${host}:${site.port}` : site.origin;
  await page.goto(`${origin}/${fragment && `#${fragment}`}`);
  await page.waitForSelector('.start, .ended');
  return page;
}

export const emit = (page, ...events) =>
  page.evaluate((events) => {
    const revive = (_, value) => (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value) : value);
    for (const event of JSON.parse(events, revive)) window.fake.emit(event);
  }, JSON.stringify(events));

export const calls = (page, name) => page.evaluate((name) => window.fake.calls.filter((call) => !name || call[0] === name), name);

/** Waits until `test`, run in the page, gives something. */
export const until = (page, test, ...given) => page.waitForFunction(test, { timeout: 10_000 }, ...given);
