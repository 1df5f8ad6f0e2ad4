// The page on the fake line.

import { run } from '../src/ui/app';
import { open } from './fake';

void run(open);
