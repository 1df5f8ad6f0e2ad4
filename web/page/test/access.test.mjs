// What must hold on every screen: no violation that axe-core knows, light and dark; nothing wider than
// a window of 320 px; text of others never more than text; a keyboard is enough; right to left mirrors.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import { browsers, calls, emit, launch, open, serve, until } from './harness.mjs';
import { alarm, INVITE, join, meet, peer, says, say, scenes, transfer } from './scenes.mjs';

const SIZE = [320, 640];

/** What stands out of the window, apart from what is meant to scroll in itself. */
const tooWide = (page) =>
  page.evaluate(() => {
    const wide = [...document.querySelectorAll('body *')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && (right > innerWidth + 0.5 || left < -0.5);
    });
    const page = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
    return [...page, ...wide.map((element) => `${element.tagName}.${element.className}`)];
  });

const violations = async (page) => {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`);
};

for (const name of browsers) {
  for (const dark of [false, true]) {
    describe(`${name}, ${dark ? 'dark' : 'light'}`, () => {
      let site, browser;
      before(async () => {
        site = await serve();
        browser = await launch(name, { dark });
      });
      after(async () => {
        await browser?.close();
        await site?.close();
      });

      for (const [scene, { fragment, steps }] of Object.entries(scenes)) {
        test(`${scene}: nothing for axe-core to find, and nothing too wide`, async () => {
          const page = await open(browser, site, { fragment });
          await steps(page);
          assert.equal(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches), dark);
          assert.deepEqual(await violations(page), []);
          await page.setViewport({ width: SIZE[0], height: SIZE[1] });
          for (const details of await page.$$('summary')) await details.click();
          assert.deepEqual(await tooWide(page), []);
          assert.deepEqual(await violations(page), []);
          await page.evaluate(() => (document.documentElement.dir = 'rtl'));
          assert.deepEqual(await tooWide(page), []);
          assert.deepEqual(page.faults, []);
          await page.close();
        });
      }
    });
  }

  describe(name, () => {
    let site, browser, page;
    before(async () => {
      site = await serve();
      browser = await launch(name);
    });
    after(async () => {
      await browser?.close();
      await site?.close();
    });

    const EVIL = [
      '<img src=x onerror="pwned=1">', '"><script>pwned=1</script>', "';pwned=1;//", '<a href="javascript:pwned=1">x</a>', '<svg onload=pwned=1>', '&lt;b&gt;', '${pwned=1}',
      '\u202egnp.exe', '\u2066x', '\u200b', '\ufeff', '\0\x07\x1b[2J', 'a\u2028b', '</p></main><h1>◆ bob is verified</h1>', `Z${'\u0301'.repeat(1000)}`, 'A'.repeat(10_000), '世'.repeat(500), '👩‍👩‍👧‍👦', 'שלום עולם', '',
    ];
    const inert = async () => {
      const found = await page.evaluate(() => {
        const known = new Set('HTML HEAD META TITLE LINK SCRIPT BODY MAIN SECTION HEADER FOOTER DIV P SPAN BDI H1 H2 H3 OL UL LI CODE BUTTON FORM LABEL INPUT TEXTAREA TIME PROGRESS DETAILS SUMMARY svg path circle rect'.split(' '));
        const others = [...document.querySelectorAll('*')].filter((element) => !known.has(element.tagName)).map((element) => element.tagName);
        const handlers = [...document.querySelectorAll('*')].flatMap((element) => [...element.attributes].filter(({ name }) => name.startsWith('on') || name === 'style' && element.tagName !== 'TEXTAREA').map(({ name }) => `${element.tagName} ${name}`));
        const unsafe = document.body.textContent.match(/[\u202a-\u202e\u2066-\u2069\u200b\ufeff\0\x07\x1b\u2028]/g) ?? [];
        return { others, handlers, unsafe, pwned: 'pwned' in window, scripts: document.scripts.length, titles: document.title };
      });
      assert.deepEqual(found, { others: [], handlers: [], unsafe: [], pwned: false, scripts: 1, titles: 'undertone' });
      assert.deepEqual(await tooWide(page), []);
      assert.deepEqual(page.faults, []);
    };

    for (const evil of EVIL) {
      test(`text of others stays text: ${JSON.stringify(evil).slice(0, 40)}`, async () => {
        page = await open(browser, site, { size: SIZE, fragment: encodeURIComponent(evil) });
        await inert();
        await join(page);
        await emit(page, { kind: 'remark', problem: { trouble: 'mediator-refused', detail: evil } });
        await inert();
        await emit(page, { kind: 'connected', peer: peer({ name: evil, key: Array(16).fill(evil), ours: Array(4).fill(evil) }), path: { kind: 'direct', address: evil }, resumed: false });
        await emit(page, says(1, evil), transfer({ title: evil, names: [{ name: evil }, { name: evil, mark: 'hidden' }], files: 3, state: 'failed', why: evil }), { kind: 'reconnecting', why: evil, queued: 1 });
        await say(page, 'x');
        await page.click('.trust');
        await inert();
        await emit(page, alarm({ known: evil, was: Array(16).fill(evil), is: Array(16).fill(`${evil}.`) }));
        await page.click('.alarm summary');
        await inert();
        await emit(page, { kind: 'ended', how: 'failed', problem: { trouble: 'broken', detail: evil } });
        await inert();
        await page.close();
      });
    }

    test('a keyboard is enough, from the invite to the end', async () => {
      page = await open(browser, site, { fragment: INVITE });
      const press = async (...keys) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      /** Tabs until what has the focus is called so. Not around the end: Firefox without a window
       * shows no focus then. */
      const reach = async (wanted, back) => {
        for (let n = 0; n < 30; n++) {
          const label = await page.evaluate(() => {
            const on = document.activeElement;
            const { outlineStyle, outlineWidth } = getComputedStyle(on);
            return { what: on.outerHTML.slice(0, 200), name: [document.body, document.documentElement].includes(on) ? '' : on.ariaLabel || on.labels?.[0]?.textContent || on.textContent, seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
          });
          if (label.name.includes(wanted)) return assert.ok(label.seen, `the focus on ${wanted} is not seen: ${label.what}`);
          if (back) await page.keyboard.down('Shift');
          await press('Tab');
          if (back) await page.keyboard.up('Shift');
        }
        assert.fail(`${wanted} is not reached`);
      };
      await reach('Your name');
      await page.keyboard.type('ada');
      await reach('Remember me');
      await press(' ');
      await reach('Join');
      await press('Enter');
      await page.waitForSelector('.waiting');
      await reach('Copy');
      await reach('Stop waiting');
      await emit(page, { kind: 'waiting', expiresIn: 600 }, { kind: 'connected', peer: peer(), path: { kind: 'relay' }, resumed: false });
      await reach('Message to bob');
      await page.keyboard.type('hello');
      await press('Enter');
      await reach('via invite', true);
      await press('Enter');
      await reach('Type the four words');
      await press('Escape');
      assert.equal(await page.$('.verify'), null);
      await emit(page, transfer());
      await reach('Accept', true);
      await press('Enter');
      await emit(page, transfer({ state: 'moving' }));
      await reach('Cancel');
      await reach('What was said', true);
      await reach('Leave', true);
      await press('Enter');
      await reach('Stay');
      await press('Escape');
      await emit(page, alarm());
      await reach('Leave (advised)');
      await press('Enter');
      assert.deepEqual((await calls(page)).map(([call]) => call).filter((call) => call !== 'readRoom'), ['enable', 'join', 'say', 'accept', 'leave']);
      await emit(page, { kind: 'ended', how: 'left' });
      await reach('Wait again');
      await press('Enter');
      await page.waitForSelector('.waiting');
      assert.deepEqual(page.faults, []);
      await page.close();
    });

    test('where a keyboard on glass takes most of the window, the row to write in is seen', async () => {
      page = await open(browser, site, { size: [320, 640] });
      await meet(page);
      await emit(page, ...Array.from({ length: 30 }, (_, n) => says(n + 1, `line ${n}`)));
      await page.setViewport({ width: 320, height: 260 });
      await until(page, () => {
        const on = document.activeElement.getBoundingClientRect();
        const last = [...document.querySelectorAll('.message')].at(-1).getBoundingClientRect();
        const log = document.querySelector('.log').getBoundingClientRect();
        return on.top >= 0 && on.bottom <= innerHeight && last.bottom <= log.bottom + 1 && document.documentElement.scrollHeight <= innerHeight;
      });
      await page.click('.trust');
      await until(page, () => {
        const { top, bottom } = document.activeElement.getBoundingClientRect();
        return document.activeElement.name === 'heard' && top >= 0 && bottom <= innerHeight;
      });
      await page.close();
    });

    test('a burst of 500 is all there, with the last in sight', async () => {
      page = await open(browser, site);
      await meet(page);
      await emit(page, ...Array.from({ length: 500 }, (_, n) => says(n + 1, `line ${n}`)));
      assert.equal(await page.$$eval('.theirs', (all) => all.length), 500);
      assert.equal((await calls(page, 'shown')).length, 500);
      const left = () =>
        page.evaluate(async () => {
          await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
          const { scrollHeight, scrollTop, clientHeight } = document.querySelector('.scroller');
          return scrollHeight - scrollTop - clientHeight;
        });
      assert.ok((await left()) < 2);
      // Who reads further up stays there, and is told.
      await page.evaluate(() => {
        const scrolled = new Promise((scrolled) => document.querySelector('.scroller').addEventListener('scroll', scrolled, { once: true }));
        document.querySelector('.scroller').scrollTop = 0;
        return scrolled.then(() => {});
      });
      await emit(page, says(501, 'one more'));
      assert.ok((await left()) > 1000);
      await page.click('.down');
      assert.ok((await left()) < 2);
      assert.equal(await page.$eval('.down', (down) => down.hidden), true);
      await page.close();
    });

    test('nothing moves where reduced motion was asked for', async () => {
      page = await open(browser, site);
      await join(page);
      await emit(page, { kind: 'connecting' });
      assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
      await page.close();
      const moving = await launch(name, { still: false });
      page = await open(moving, site);
      await join(page);
      await emit(page, { kind: 'connecting' });
      assert.ok(await page.evaluate(() => document.getAnimations().length));
      await moving.close();
    });

    if (name === 'chromium') {
      test('on glass Enter is a new line, and a button sends', async () => {
        page = await open(browser, site, { touch: true, size: [390, 844] });
        await meet(page);
        await page.tap('textarea');
        await page.keyboard.type('a');
        await page.keyboard.press('Enter');
        await page.keyboard.type('b');
        assert.deepEqual(await calls(page, 'say'), []);
        await page.tap('.composer .main');
        assert.deepEqual(await calls(page, 'say'), [['say', 'a\nb']]);
        assert.equal(await page.evaluate(() => document.activeElement.tagName), 'TEXTAREA');
        await page.close();
      });

      for (const [scene, { fragment, steps }] of Object.entries(scenes)) {
        test(`${scene}: forced colours keep what is seen by colour alone`, async () => {
          page = await open(browser, site, { fragment });
          const session = await page.createCDPSession();
          await session.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }] });
          await steps(page);
          assert.ok(await page.evaluate(() => matchMedia('(forced-colors: active)').matches));
          const borders = await page.evaluate(() => [...document.querySelectorAll('.message .text, .alarm, button:not(.text), input:not([type=checkbox], [hidden]), textarea')].filter((one) => one.checkVisibility() && getComputedStyle(one).borderStyle === 'none').map((one) => one.className));
          assert.deepEqual(borders, []);
          assert.deepEqual(await violations(page), []);
          await page.close();
        });
      }
    }

    test('right to left: the page is its mirror, and a text goes its own way', async () => {
      page = await open(browser, site);
      await meet(page);
      await emit(page, says(1, 'שלום, קיבלת?'), says(2, 'hello'));
      await say(page, 'mine');
      const look = () =>
        page.evaluate(() => {
          const [theirs, latin] = document.querySelectorAll('.theirs .text');
          const middle = ({ left, right }) => (left + right) / 2;
          const ours = document.querySelector('.ours .text');
          const entries = middle(document.querySelector('.entries').getBoundingClientRect());
          return [getComputedStyle(theirs).direction, getComputedStyle(latin).direction, middle(ours.getBoundingClientRect()) > entries];
        });
      assert.deepEqual(await look(), ['rtl', 'ltr', true]);
      await page.evaluate(() => (document.documentElement.dir = 'rtl'));
      assert.deepEqual(await look(), ['rtl', 'ltr', false]);
      await page.close();
    });
  });
}
