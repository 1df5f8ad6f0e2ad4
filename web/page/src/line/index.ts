// Opens the line: loads the core, and tells it where links lead.

import { here } from '../here';
import type { Open } from '../types';
import { Core } from './core';
import { Kind, Op, Writer } from './fields';
import { TheLine } from './line';
import { PageMemory } from './memory';

/** The core's hash, which the build puts here. */
declare const CORE_INTEGRITY: string;

export const open: Open = async (heard) => {
  const core = await Core.load('/core.wasm', CORE_INTEGRITY);
  core.ask(Op.Begin, new Writer().text(here()));
  const alike = (one: string, other: string) =>
    core.ask(Op.Alike, new Writer().text(one).text(other), Kind.Value)?.fields.u8() === 1;
  return new TheLine(core, heard, await PageMemory.load(alike));
};
