// What a page remembers, where its person asked for that: an identity key that the browser keeps, and
// never gives out. Nothing else is stored, and nothing before.

import type { Memory } from '../types';

/** The identity of a page that remembers nothing is the core's own. */
export const forgetful: Memory = {
  possible: false,
  on: false,
  enable: () => Promise.resolve(),
  forget: () => Promise.resolve(),
};
