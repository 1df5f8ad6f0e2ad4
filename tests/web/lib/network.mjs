// A network of three machines in namespaces of its own: the browser is on this one, a terminal and a
// mediator are on two others. Nothing leads out of it.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';

/** Set for the process that is inside. */
const INSIDE = 'UNDERTONE_TEST_INSIDE';
export const isInside = process.env[INSIDE] !== undefined;

/** Where the browser is, and the other two. */
export const HERE = '198.51.100.1';
export const THERE = { machine: 'terminal', address: '198.51.100.2' };
export const MEDIATOR = { machine: 'mediator', address: '198.51.100.3' };
/** The mediator's name. */
export const NAME = 'mediator.test';

/** As root, or in a namespace of users too where it needs that. */
const SPACES = ['--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc'];
const USERS = [[], ['--user', '--map-root-user']];
const PROBE = 'mount -t tmpfs tmpfs /run && ip netns add probe';
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** Runs the tests of this file inside; where that cannot be, one is named as skipped. */
export function inNetwork(file, tests) {
  if (isInside) {
    build();
    return tests();
  }
  const can = (users) => spawnSync('unshare', [...users, ...SPACES, 'sh', '-c', PROBE], { env }).status === 0;
  const users = USERS.find(can);
  const skip = users ? false : 'no network namespaces here';
  test('on a network of its own', { skip, timeout: 300_000 }, async () => {
    const { NODE_TEST_CONTEXT: _, ...outer } = env;
    const node = [process.execPath, '--test', '--test-reporter=spec', file];
    const child = spawn('unshare', [...users, ...SPACES, ...node], { env: { ...outer, [INSIDE]: '1' } });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (told += text));
    const code = await new Promise((end) => child.on('close', end));
    console.log(told);
    if (code !== 0) throw new Error('a test failed inside');
  });
}

/** A bridge at this machine, with a cable to each of the others. */
function build() {
  const sh = (line) => execFileSync('sh', ['-ec', line], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  sh('mount -t tmpfs tmpfs /run; ip link set lo up');
  sh(`ip link add lan type bridge; ip addr add ${HERE}/24 dev lan; ip link set lan up`);
  for (const { machine, address } of [THERE, MEDIATOR]) {
    sh(`ip netns add ${machine}; ip link add to-${machine} type veth peer name eth0 netns ${machine}`);
    sh(`ip link set to-${machine} master lan up`);
    const inside = `ip -n ${machine}`;
    sh(`${inside} link set lo up; ${inside} addr add ${address}/24 dev eth0; ${inside} link set eth0 up`);
    sh(`${inside} route add default via ${HERE}`);
  }
  // Browsers tell the address that leads there, to wherever that is.
  sh(`ip route add default via ${MEDIATOR.address}`);
  writeFileSync('/run/hosts', `127.0.0.1 localhost\n${MEDIATOR.address} ${NAME}\n`);
  sh('mount --bind /run/hosts /etc/hosts');
}
