// Each screen in both browsers, on a line that nothing is behind: what it shows, what it asks for.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browsers, calls, emit, launch, open, serve, until } from './harness.mjs';
import { alarm, connected, direct, INVITE, join, meet, peer, says, say, scenes, transfer } from './scenes.mjs';
import { troubles } from './words.test.mjs';

const text = (page, selector) => page.$eval(selector, (element) => element.innerText.replace(/\s+/g, ' ').trim());
const focused = (page) => page.evaluate(() => document.activeElement.name || document.activeElement.tagName);

/** All that a browser may ask for on the screens. */
const PARTS = ['/', '/app.js', '/app.css', '/icon.svg', '/manifest.webmanifest'];

for (const name of browsers) {
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
    const screen = (title, options, run) =>
      test(title, async () => {
        page = await open(browser, site, options);
        try {
          await run();
          assert.deepEqual(page.faults, []);
          assert.deepEqual(site.asked.filter((path) => !PARTS.includes(path)), []);
        } finally {
          await page.close();
        }
      });

    screen('an invite leaves the address bar at once, and nothing is sent before Join', { fragment: INVITE }, async () => {
      assert.equal(await page.evaluate(() => location.href), `${site.origin}/`);
      assert.equal(await page.evaluate(() => history.length <= 2), true);
      assert.match(await text(page, 'h1'), /^You are invited to ocean-panda$/);
      assert.match(await text(page, '.trusted'), new RegExp(`This page comes from 127.0.0.1:${site.port}\\. Whoever runs that could change it`));
      assert.match(await text(page, '.copy-text'), /^undertone chat /);
      assert.equal(await focused(page), 'name');
      assert.deepEqual((await calls(page)).map(([call]) => call), ['readRoom']);
      assert.ok(!site.asked.some((path) => path.includes('panda')));
      await page.click('.ask .main');
      assert.match(await text(page, '.wrong'), /That cannot be a name here: it is empty\. Type another one\./);
      assert.deepEqual(await calls(page, 'join'), []);
      await join(page);
      const [[, room, who]] = await calls(page, 'join');
      assert.deepEqual([room.shown, who], ['ocean-panda', 'ada']);
      assert.deepEqual(await calls(page, 'enable'), []);
    });

    screen('what is no invite says why, and a pasted one works', { fragment: 'two words' }, async () => {
      assert.match(await text(page, '.problem'), /That is no room: a space is in it/);
      await page.type('input[name=name]', 'ada');
      await page.type('input[name=invite]', 'also bad');
      await page.click('.or button');
      assert.match(await text(page, '.or .wrong'), /That is no room/);
      await page.$eval('input[name=invite]', (input) => (input.value = 'https://mediator.example/#den#otter'));
      await page.click('.or button');
      await page.waitForSelector('.waiting');
      assert.equal((await calls(page, 'join'))[0][1].shown, 'den');
    });

    screen('a room without a secret is said to be one', { fragment: 'den' }, async () => {
      assert.match(await text(page, '.head .note'), /no secret: whoever knows its name can come/);
    });

    screen('it remembers where it can and was asked to, at Join', {}, async () => {
      await page.click('.check input');
      assert.deepEqual(await calls(page, 'enable'), []);
      await join(page);
      assert.deepEqual((await calls(page)).map(([call]) => call), ['enable', 'join']);
    });

    screen('nothing is offered where it cannot remember', { preset: { memory: { possible: false, on: false } } }, async () => {
      assert.equal(await page.$('.memory'), null);
    });

    screen('who is remembered can be forgotten', { preset: { memory: { possible: true, on: true, name: 'ada' } } }, async () => {
      assert.equal(await page.$eval('input[name=name]', (input) => input.value), 'ada');
      await page.click('.memory button');
      await until(page, () => document.querySelector('.memory').textContent === 'Forgotten.');
      assert.equal((await calls(page, 'forget')).length, 1);
    });

    screen('on plain http off loopback anybody on the network could alter the page', { host: 'page.test' }, async () => {
      assert.match(await text(page, '.trusted .note'), /anybody on this network could alter it/);
      await join(page);
      assert.equal(await page.$('.copy button'), null);
    });

    screen('waiting shows link, picture and command, and stops', {}, async () => {
      assert.equal(await page.$('.trusted .note'), null);
      await join(page);
      assert.match(await text(page, 'h1'), /^Waiting for the other person$/);
      const shown = await page.$$eval('.copy-text', (all) => all.map((one) => one.textContent));
      assert.deepEqual(shown, ['https://mediator.example/#ocean-panda#tiger-velvet-olive-table', "undertone chat 'https://mediator.example/#ocean-panda#tiger-velvet-olive-table'"]);
      assert.ok(await page.$('.qr'));
      await emit(page, { kind: 'remark', problem: { trouble: 'secret', left: 2 } });
      assert.match(await text(page, '.remarks'), /That secret did not match\. .* 2 left for this invite\./);
      await emit(page, { kind: 'connecting' });
      assert.match(await text(page, 'h1'), /looking for a path/);
      await page.click('.waiting > button');
      assert.equal((await calls(page, 'leave')).length, 1);
      await emit(page, { kind: 'ended', how: 'left' });
      await page.waitForSelector('.start');
    });

    screen('messages, their marks and days', {}, async () => {
      await meet(page);
      assert.match(await text(page, '.remark'), /Connected to bob · direct 192\.168\.1\.31:40122 · via invite\. Only someone with the secret can be there\./);
      await emit(page, says(1, 'one', '2026-11-20T21:52:00Z'), says(2, 'two\nlines'));
      assert.deepEqual(await calls(page, 'shown'), [['shown', 1, 1], ['shown', 2, 2]]);
      assert.deepEqual(await page.$$eval('.day', (all) => all.length), 2);
      await say(page, 'and mine');
      assert.deepEqual(await calls(page, 'say'), [['say', 'and mine']]);
      assert.match(await text(page, '.ours.pending'), /and mine … not arrived yet$/);
      await emit(page, { kind: 'delivered', upTo: 1 });
      assert.equal(await page.$('.pending'), null);
      assert.match(await text(page, '.ours'), /and mine Arrived$/);
      assert.equal(await page.$eval('textarea', (area) => area.value), '');
      await emit(page, says(3, 'again', '2026-11-21T09:15:00Z', true));
      assert.match(await text(page, '.entries'), /Marked ↻ is what bob had sent before the break.*↻ again/);
    });

    screen('no time is later than now or earlier than the one before', {}, async () => {
      await meet(page);
      await emit(page, says(1, 'a', '2099-01-01T00:00:00Z'), says(2, 'b', '1970-01-01T00:00:00Z'));
      const times = await page.$$eval('time', (all) => all.map((one) => Date.parse(one.dateTime)));
      assert.ok(times[0] <= Date.now() && times[1] >= times[0], String(times));
    });

    screen('Enter sends, Shift+Enter is a new line, too long and too much are refused', {}, async () => {
      await meet(page);
      await page.focus('textarea');
      await page.keyboard.type('a');
      await page.keyboard.down('Shift');
      await page.keyboard.press('Enter');
      await page.keyboard.up('Shift');
      await page.keyboard.type('b');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      assert.deepEqual(await calls(page, 'say'), [['say', 'a\nb']]);
      await page.$eval('textarea', (area) => (area.value = '世'.repeat(5462)));
      await page.keyboard.press('Enter');
      assert.match(await text(page, '.composer .wrong'), /Too long by 2 bytes: send it in parts/);
      await page.$eval('textarea', (area) => (area.value = 'kept'));
      await page.evaluate(() => (window.fake.takesNothing = true));
      await page.keyboard.press('Enter');
      assert.match(await text(page, '.composer .wrong'), /too much is waiting/);
      assert.equal(await page.$eval('textarea', (area) => area.value), 'kept');
    });

    screen('what comes while the page is hidden is shown, and said to be, once it is seen', {}, async () => {
      await meet(page);
      const see = (state) =>
        page.evaluate((state) => {
          Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
          Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }, state);
      await see('hidden');
      await emit(page, says(1, 'one'), says(2, 'two'));
      assert.equal(await page.title(), '(2) undertone');
      assert.deepEqual(await calls(page, 'shown'), []);
      await see('visible');
      assert.equal(await page.title(), 'undertone');
      assert.deepEqual((await calls(page, 'shown')).map(([, id]) => id), [1, 2]);
      assert.ok((await calls(page, 'wake')).length >= 1);
    });

    screen('words are compared, differ once, and verify', {}, async () => {
      await meet(page, { trust: 'not-verified' });
      assert.match(await text(page, '.remark'), /Someone could be in between/);
      await page.click('.remark button');
      assert.equal(await focused(page), 'heard');
      assert.match(await text(page, '.verify'), /Read to bob, by voice, not in this chat: dragnet retraction virus warranty/);
      await page.keyboard.type('three of them');
      await page.keyboard.press('Enter');
      assert.match(await text(page, '.verify .wrong'), /Four words are needed, not 3/);
      await page.keyboard.type(' four');
      await page.keyboard.press('Enter');
      assert.deepEqual(await calls(page, 'verify'), [['verify', 'three of them four']]);
      await emit(page, { kind: 'words-differ', how: 'differ' });
      assert.match(await text(page, '.verify .wrong'), /One more try/);
      await emit(page, { kind: 'trust', peer: peer({ trust: 'verified' }) });
      assert.equal(await page.$('.verify'), null);
      assert.equal(await text(page, '.trust'), '✓ verified');
      assert.equal(await focused(page), 'TEXTAREA');
    });

    screen('an alarm blocks the chat until words were compared or typed', {}, async () => {
      await meet(page);
      await emit(page, alarm());
      assert.match(await text(page, '.alarm'), /IDENTITY CHANGED: “bob” uses another key.*Last met Saturday,? 21 November 2026, verified/);
      assert.equal(await page.$eval('footer', (foot) => foot.hidden), true);
      assert.equal(await text(page, '.trust'), '✗ blocked');
      await page.click('.alarm summary');
      await page.type('input[name=trust]', 'not these words at all no');
      await page.keyboard.press('Enter');
      assert.deepEqual(await calls(page, 'trust'), []);
      const asked = (await text(page, '.alarm .field label')).match(/\d+/g).map(Number);
      const is = await page.$$eval('.alarm ol:last-of-type li', (all) => all.map((one) => one.textContent));
      assert.equal(asked.length, 6);
      await page.$eval('input[name=trust]', (input, value) => (input.value = value), asked.map((at) => is[at - 1]).join(' '));
      await page.focus('input[name=trust]');
      await page.keyboard.press('Enter');
      assert.equal((await calls(page, 'trust')).length, 1);
      await emit(page, { kind: 'trust', peer: peer() });
      assert.equal(await page.$('.alarm'), null);
      assert.equal(await page.$eval('footer', (foot) => foot.hidden), false);
      for (const cause of ['name-known', 'room-known']) {
        await emit(page, alarm({ cause, known: 'eve' }));
        assert.match(await text(page, '.alarm h2'), cause === 'name-known' ? /“bob” is, or looks like, a name of “eve”/ : /in this room you met “eve”/);
      }
      await page.click('.alarm .main');
      assert.equal((await calls(page, 'leave')).length, 1);
    });

    screen('a lost link, what is queued, and back', {}, async () => {
      await meet(page);
      await emit(page, { kind: 'unstable', unstable: true });
      assert.match(await text(page, '.bar .state'), /unstable/);
      await emit(page, { kind: 'reconnecting', why: 'no answer for 10 s', queued: 0 });
      await say(page, 'there?');
      assert.equal(await text(page, '.bar .state'), 'looking for bob · 1 queued');
      await emit(page, { kind: 'connected', peer: peer(), path: { kind: 'relay' }, resumed: true }, { kind: 'delivered', upTo: 1 });
      assert.match(await text(page, '.entries'), /Lost bob \(no answer for 10 s\)\. Trying again; what you type is kept\..*Back\. Same identity · relay\. There is no direct path.*All that you said has arrived\.$/);
      await emit(page, { kind: 'path', path: direct });
      assert.equal(await text(page, '.bar .state'), 'direct 192.168.1.31:40122');
      await emit(page, { kind: 'withheld' });
      assert.match(await text(page, '.remark:last-child'), /was not shown there yet/);
    });

    screen('offers of files are answered, move, and end', {}, async () => {
      await meet(page);
      await emit(page, transfer({ files: 13, names: [{ name: '.nomedia', mark: 'hidden' }, { name: 'run.sh', mark: 'executable' }] }));
      assert.match(await text(page, '.card'), /film\.mkv 13 files, 250 MB · via invite \.nomedia · hidden run\.sh · can be run and 11 more bob offers it Accept Decline/);
      await page.click('.card button');
      assert.deepEqual(await calls(page, 'accept'), [['accept', 1]]);
      const at = (state, more) => emit(page, transfer({ state, done: 125_000_000, ...more }));
      await at('moving', { rate: 2_500_000 });
      assert.match(await text(page, '.card .state'), /^Receiving · 50 % · 0:50 · 2\.5 MB\/s$/);
      assert.equal(await page.$eval('progress', (bar) => bar.value), 0.5);
      await page.click('.card button');
      assert.deepEqual(await calls(page, 'cancel'), [['cancel', 1]]);
      for (const [state, words] of [['paused', /disk is full/], ['waiting', /waiting for bob, 50 % kept/], ['saving', /Saving/], ['done', /Received, whole/]]) {
        await at(state);
        assert.match(await text(page, '.card .state'), words);
      }
      assert.equal(await page.$('.card button'), null);
      for (const [state, words] of [['refused', /declined by bob/], ['cancelled', /cancelled/], ['failed', /it cannot be read/]]) {
        await emit(page, transfer({ id: 9, outgoing: true, state, why: state === 'failed' ? 'it cannot be read' : undefined }));
        assert.match(await text(page, '.card:last-child .state'), words);
      }
    });

    screen('files that are dropped or pasted are asked about first', {}, async () => {
      await meet(page);
      const give = (kind, selector) =>
        page.$eval(
          selector,
          (target, kind) => {
            const data = new DataTransfer();
            data.items.add(new File(['x'.repeat(2100)], 'report.pdf'));
            const how = { bubbles: true, cancelable: true };
            const event = kind === 'paste' ? new ClipboardEvent('paste', how) : new DragEvent('drop', { ...how, dataTransfer: data });
            // Firefox gives files to no paste that a script makes.
            if (kind === 'paste') Object.defineProperty(event, 'clipboardData', { value: data });
            target.dispatchEvent(event);
            return event.defaultPrevented;
          },
          kind,
        );
      assert.equal(await give('drop', '.log'), true);
      assert.match(await text(page, '.asking'), /Send report\.pdf, 2\.1 kB, to bob\?/);
      await page.keyboard.press('Escape');
      assert.equal(await page.$('.asking p'), null);
      assert.deepEqual(await calls(page, 'offer'), []);
      await give('paste', 'textarea');
      assert.match(await text(page, '.asking'), /Send report\.pdf/);
      await page.keyboard.press('Enter');
      assert.deepEqual(await calls(page, 'offer'), [['offer', ['report.pdf']]]);
      await emit(page, connected({ takesFiles: false }));
      await give('drop', '.log');
      assert.match(await text(page, '.composer .wrong'), /takes no files/);
    });

    screen('the other person leaves: what was said stays, and the draft is there when they come again', {}, async () => {
      await scenes.left.steps(page);
      assert.match(await text(page, '.ended'), /^bob left What you were typing is kept/);
      assert.equal(await page.$('textarea'), null);
      assert.ok(await page.$('.message.theirs'));
      await page.click('.ended .main');
      await page.waitForSelector('.waiting');
      assert.equal((await calls(page, 'join')).length, 2);
      await emit(page, connected());
      assert.equal(await page.$eval('textarea', (area) => area.value), 'one more thing before you');
    });

    screen('what did not arrive is counted at the end', {}, async () => {
      await meet(page);
      await say(page, 'lost');
      await emit(page, { kind: 'ended', how: 'failed', problem: { trouble: 'broken' } });
      assert.match(await text(page, '.ended'), /The chat with bob ended .* 1 of your messages did not arrive/);
    });

    screen('every trouble is told with its remedy, and leads somewhere', {}, async () => {
      for (const trouble of await troubles()) {
        if (!(await page.$('.start'))) await page.click('.ended .choices button:last-child');
        await page.waitForSelector('.start');
        await page.$eval('input[name=name]', (input) => (input.value = 'ada'));
        await page.click('.ask .main');
        await emit(page, { kind: 'ended', how: 'failed', problem: { trouble, detail: 'why' } });
        await page.waitForSelector('.ended');
        assert.ok((await text(page, '.reason')).length > 10, trouble);
        assert.ok((await text(page, '.remedy')).length > 10, trouble);
        assert.ok(await page.$('.ended button.main'), trouble);
        assert.equal(await focused(page), 'H1');
      }
    });

    screen('a core that does not start says so', { preset: { fails: true } }, async () => {
      assert.match(await text(page, '.reason'), /This page failed: /);
    });

    if (name === 'chromium') {
      screen('leaving the page in a live chat is asked about', {}, async () => {
        await meet(page);
        await say(page, 'hi');
        const asked = new Promise((asked) => page.once('dialog', asked));
        await page.close({ runBeforeUnload: true });
        const dialog = await asked;
        assert.equal(dialog.type(), 'beforeunload');
        await dialog.dismiss();
        await emit(page, { kind: 'ended', how: 'peer-left' });
      });
    }
  });
}
