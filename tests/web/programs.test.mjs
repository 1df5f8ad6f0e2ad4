// The programs that all other tests run: two terminals meet at a mediator.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMediator, startTerminal } from './lib/programs.mjs';

test('two terminals meet by an invite and talk', async (t) => {
  const mediator = await startMediator(t);
  const ada = startTerminal(t, { mediator, name: 'ada', room: 'amber-falcon#cedar-otter' });
  const { invite } = await ada.event('waiting');
  const bob = startTerminal(t, { name: 'bob', room: invite });
  assert.equal((await ada.event('connected')).peer, 'bob');
  bob.say('hello');
  assert.equal((await ada.event('message')).text, 'hello');
  ada.say('/quit');
  assert.equal(await ada.exit(), 0);
  await bob.event('left');
});
