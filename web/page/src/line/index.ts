// Opens the line: loads the core, and tells it where links lead.

import type { Open } from '../types';
import { Core } from './core';
import { Op, Writer } from './fields';
import { TheLine } from './line';
import { forgetful } from './memory';

/** The core's hash, which the build puts here. */
declare const CORE_INTEGRITY: string;

export const open: Open = async (heard) => {
  const core = await Core.load('/core.wasm', CORE_INTEGRITY);
  core.ask(Op.Begin, new Writer().text(location.origin));
  return new TheLine(core, heard, forgetful, () => Promise.reject(new Error('the key is the core\'s')));
};
