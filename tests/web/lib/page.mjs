// What a person does at the page, and reads there.

import assert from 'node:assert/strict';
import { PATIENCE } from './programs.mjs';

/** Waits until `look` holds in the page; where it does not, says what stands there instead. */
export async function until(page, look, ...given) {
  try {
    return await page.waitForFunction(look, { timeout: PATIENCE, polling: 50 }, ...given);
  } catch (error) {
    const there = await page.evaluate(() => document.body.innerText).catch(String);
    throw new Error(`${error.message}\nwhile waiting for ${look} ${JSON.stringify(given)}, on the page:\n${there}`);
  }
}

/** Waits for an element that is to be seen. */
export const shown = (page, selector) =>
  until(page, (selector) => [...document.querySelectorAll(selector)].some((found) => found.checkVisibility()), selector);

/** Waits until this stands on the page. */
export const reads = (page, text) =>
  until(page, (text) => document.body.innerText.includes(text), text);

/** Presses the button with this label. */
export async function press(page, label) {
  const pressed = (label) => {
    const found = [...document.querySelectorAll('button')].find((each) => each.textContent.trim() === label && each.checkVisibility() && !each.disabled);
    found?.click();
    return found !== undefined;
  };
  await until(page, pressed, label);
}

/** Writes into a field. */
export async function write(page, selector, text) {
  await shown(page, selector);
  await page.$eval(selector, (field) => (field.value = ''));
  await page.type(selector, text);
}

/** Says a name, and joins by the invite, or makes a new line. */
export async function join(page, name) {
  await write(page, 'input[name=name]', name);
  await page.click('.ask .main');
}

/** The invite that the page shows once it has its seat. */
export async function inviteOf(page) {
  await reads(page, 'Waiting for the other person');
  return page.$eval('.waiting .copy-text', (link) => link.textContent);
}

/** Says something in the chat. */
export async function say(page, text) {
  await write(page, 'textarea', text);
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('textarea').value === '');
}

/** What was said, by `ours` or `theirs`, in its order. */
export const said = (page, whose) =>
  page.$$eval(`.message.${whose} .text`, (all) => all.map((each) => [...each.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join('')));

/** Waits until the last that was said by them is this. */
export const heard = (page, text) =>
  until(page, (text) => [...document.querySelectorAll('.message.theirs .text')].at(-1)?.textContent.includes(text), text);

/** Waits until all of ours has arrived. */
export const delivered = (page) => until(page, () => document.querySelector('.message.ours') && !document.querySelector('.message.pending'));

/** The state in the head of the chat: how the link goes. */
export const state = (page) => page.$eval('.chat .state', (state) => state.textContent);

/** The page broke no policy, and nothing threw. */
export async function sound({ seen }) {
  const { violations, errors } = await seen();
  assert.deepEqual({ violations, errors }, { violations: [], errors: [] });
}
