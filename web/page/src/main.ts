// The page: the screens, on the real line.

import { open } from './line/index';
import { run } from './ui/app';

void run(open);
