// The real programs on loopback: mediators and terminals, which end with the test that started them.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
/** Where the programs are: what `cargo build --workspace` made, or of that profile. */
const profile = process.env.UNDERTONE_TEST_PROFILE ?? 'debug';
const programs = resolve(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), profile);

/** No wait in these tests should come near this, in milliseconds. */
export const PATIENCE = 20_000;

/** What `promise` gives, or an error that names `what` did not come. */
export async function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Lines of a stream: each is given once, to whoever looks for it. */
class Lines {
  #lines = [];
  #waiting = [];
  #ended = false;
  all = [];

  constructor(stream) {
    const reader = createInterface({ input: stream });
    reader.on('line', (line) => {
      this.all.push(line);
      this.#lines.push(line);
      this.#serve();
    });
    reader.on('close', () => {
      this.#ended = true;
      this.#serve();
    });
  }

  #serve() {
    this.#waiting = this.#waiting.filter(({ look, reject }) => {
      if (look()) return false;
      if (this.#ended) reject(new Error(`the end came first:\n${this.all.join('\n')}`));
      return !this.#ended;
    });
  }

  /** What `pick` makes of the next line for which that is anything; those before it are passed over. */
  find(what, pick) {
    return within(what, new Promise((found, reject) => {
      const look = () => {
        while (this.#lines.length) {
          const picked = pick(this.#lines.shift());
          if (picked !== undefined) return found(picked), true;
        }
        return false;
      };
      this.#waiting.push({ look, reject });
      this.#serve();
    }));
  }
}

function run(t, program, flags, env, machine) {
  const line = [join(programs, program), ...flags];
  if (machine) line.unshift('ip', 'netns', 'exec', machine);
  // Where `ip` is for root is where users do not look.
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  const child = spawn(line[0], line.slice(1), { env: { PATH, ...env }, stdio: 'pipe' });
  const ended = new Promise((end) => child.on('close', (code, signal) => end({ code, signal })));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  child.on('error', (error) => child.stderr.destroy(error));
  child.stdin.on('error', () => {});
  return { child, ended, out: new Lines(child.stdout), err: new Lines(child.stderr) };
}

/** A mediator at a free port of 127.0.0.1, with no limit that is felt. */
export function startMediator(t, ...flags) {
  return startMediatorAt(t, { address: '127.0.0.1' }, ...flags);
}

/** The same at this address of that machine (network.mjs), or at this port, as one that was stopped
    comes back. */
export async function startMediatorAt(t, { machine, address, port = 0 }, ...flags) {
  const env = {
    UNDERTONE_MEDIATOR_LISTEN: `${address}:${port}`,
    UNDERTONE_MEDIATOR_JOINS_PER_MINUTE: '1000000',
    UNDERTONE_MEDIATOR_REJOINS_PER_MINUTE: '1000000',
    UNDERTONE_MEDIATOR_MAX_CONNECTIONS_PER_ADDRESS: '1000',
  };
  const { child, ended, err } = run(t, 'undertone-mediator', flags, env, machine);
  const kill = async () => {
    child.kill('SIGKILL');
    await within('the end of a mediator', ended);
  };
  const url = await err.find('where the mediator listens', (line) => line.match(/listening on (\S+)/)?.[1]);
  return { url, port: Number(new URL(url).port), log: () => err.all.join('\n'), kill };
}

/** A terminal that chats by `--json`, with a data directory of its own. */
export class Terminal {
  #run;

  constructor(run) {
    this.#run = run;
  }

  /** The next event of this type for which `fits` holds; others before it are passed over. */
  async event(type, fits = () => true) {
    const { out, err } = this.#run;
    try {
      return await out.find(`the event ${type}`, (line) => {
        const event = JSON.parse(line);
        return event.type === type && fits(event) ? event : undefined;
      });
    } catch (error) {
      throw new Error(`${error.message}\n${err.all.join('\n')}`);
    }
  }

  /** Kills it, without a goodbye. */
  kill() {
    this.#run.child.kill('SIGKILL');
  }

  /** Types a line. */
  say(line) {
    this.#run.child.stdin.write(`${line}\n`);
  }

  /** Its process. */
  get pid() {
    return this.#run.child.pid;
  }

  /** Its exit code. */
  async exit() {
    return (await within('the end of a terminal', this.#run.ended)).code;
  }
}

/** Starts one in a room, or by an invite; on loopback, or at that machine. */
export function startTerminal(t, { room, mediator, name, machine, flags = [] }) {
  const home = mkdtempSync(join(tmpdir(), 'undertone-web-'));
  const at = mediator ? ['--mediator', mediator.url] : [];
  const bind = machine ? [] : ['--bind', '127.0.0.1'];
  const always = ['--data-dir', join(home, 'data'), 'chat', '--json', ...bind, '--name', name];
  const env = { HOME: home, UNDERTONE_ROOM: room };
  // Behind the process, which its own hook ends: hooks run in their order.
  const terminal = new Terminal(run(t, 'undertone', [...always, ...at, ...flags], env, machine));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return terminal;
}
