// The browsers of this system, and pages that tell what happens in them.

import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { isInside } from './network.mjs';

/** A name of this machine that is not loopback to a browser: there it has no secure context. */
export const INSECURE = 'ut.test';
/** A name that belongs to somebody else, and leads here. */
export const EVIL = 'evil.test';

const PATHS = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
};

/** Nothing leaves this machine: every name but loopback's leads to it, or nowhere. */
const NOWHERE = `--host-resolver-rules=MAP ${INSECURE} 127.0.0.1, MAP ${EVIL} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost`;
const OPTIONS = {
  chromium: {
    pipe: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A network of its own is all there is, and has names of its own.
      ...(isInside ? [] : [NOWHERE]),
    ],
  },
  firefox: {
    browser: 'firefox',
    extraPrefsFirefox: {
      'network.dns.localDomains': `${INSECURE},${EVIL}`,
      // Else it asks no STUN server on loopback.
      'media.peerconnection.ice.loopback': !isInside,
      // Else each refused WebSocket holds up the next one to that host.
      'network.websocket.delay-failed-reconnects': false,
    },
  },
};

export const KINDS = Object.keys(PATHS);
const launched = new Map();

/** The browser of this kind, once for all tests of a file. */
export function browser(kind) {
  if (!launched.has(kind)) {
    const executablePath = PATHS[kind].find(existsSync);
    launched.set(kind, puppeteer.launch({ ...OPTIONS[kind], executablePath, headless: true }));
  }
  return launched.get(kind);
}

after(async () => {
  for (const one of launched.values()) await (await one).close();
});

/** A test in each browser; one that is not here is named as skipped. */
export function inEach(name, body) {
  for (const kind of KINDS) {
    const skip = PATHS[kind].some(existsSync) ? false : `no ${kind} here`;
    test(`${name} (${kind})`, { skip, timeout: 120_000 }, async (t) => body(t, await browser(kind), kind));
  }
}

/** A test in one browser, where the other adds nothing. */
export function inOne(name, body) {
  const kind = KINDS.find((kind) => PATHS[kind].some(existsSync));
  test(name, { skip: kind ? false : 'no browser here', timeout: 120_000 }, async (t) => body(t, await browser(kind)));
}

/** A test for each order of two browsers, one page in each. */
export function inPairs(name, body) {
  for (const one of KINDS) {
    for (const other of KINDS) {
      const absent = [one, other].find((kind) => !PATHS[kind].some(existsSync));
      const skip = absent ? `no ${absent} here` : false;
      test(`${name} (${one}, ${other})`, { skip, timeout: 120_000 }, async (t) => {
        await body(t, await browser(one), await browser(other), `${one} ${other}`);
      });
    }
  }
}

/** In every document before its own scripts: what its policy forbids, what it opens, and the core's memory. */
function watch() {
  const seen = { violations: [], sockets: [], peers: 0 };
  Object.defineProperty(window, 'seen', { value: seen });
  addEventListener('securitypolicyviolation', (event) => {
    seen.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
  });
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate(...given);
    // A test may load another one beside the page's.
    Object.defineProperty(window, 'core', { value: made.instance.exports.memory, configurable: true });
    return made;
  };
  window.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      seen.sockets.push(String(url));
      super(url, ...rest);
    }
  };
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...rest) {
      seen.peers += 1;
      super(...rest);
    }
  };
}

/**
 * A page at this address, in a profile of its own, or in that of another page; `seen()` is what it did.
 * `waitUntil` is when it counts as there: `networkidle0` is half a second after the last that it asked
 * for. With `relayed` it finds no direct path.
 */
export async function open(t, browser, url, { waitUntil = 'load', profile, relayed = false } = {}) {
  const context = profile ?? (await browser.createBrowserContext());
  if (!profile) t.after(() => context.close());
  // A tab behind another one is hidden, and what is hidden has not been read.
  const page = await context.newPage({ type: 'window' });
  const errors = [];
  // Firefox reports a path or a mediator that it does not find as an error of the page's.
  const fromFirefox = / wss?:\/\/\S+|WebRTC: ICE failed/;
  page.on('pageerror', (error) => fromFirefox.test(String(error)) || errors.push(String(error)));
  await page.evaluateOnNewDocument(watch);
  if (relayed) await page.evaluateOnNewDocument(() => (RTCPeerConnection.prototype.setRemoteDescription = () => new Promise(() => {})));
  const response = await page.goto(url, { waitUntil });
  const seen = async () => ({ ...(await page.evaluate(() => window.seen)), errors });
  return { page, response, seen, context };
}
