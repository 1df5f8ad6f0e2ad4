// The two drawings of the page: a line between two people, and a QR code.

import { encode } from '../qr';
import { svg } from './dom';

/** How the line is: each has its own drawing in the style sheet. */
export type LineState = 'waiting' | 'connecting' | 'direct' | 'relay' | 'lost' | 'blocked' | 'over';

const diamond = (x: number) => `M${x} 2l6 6-6 6-6-6z`;

/** Two diamonds and what is between them. The words beside it say the same. */
export function line(state: LineState): SVGElement {
  const drawing = svg('svg', { viewBox: '0 0 72 16', 'aria-hidden': 'true', focusable: 'false' });
  drawing.append(
    svg('path', { class: 'between', d: 'M18 8H54' }),
    svg('path', { class: 'here', d: diamond(8) }),
    svg('path', { class: 'there', d: diamond(64) }),
    svg('circle', { class: 'relay', cx: 36, cy: 8, r: 3 }),
  );
  setLine(drawing, state);
  return drawing;
}

export function setLine(drawing: SVGElement, state: LineState): void {
  drawing.setAttribute('class', `line ${state}`);
}

/** Light modules on each side (ISO/IEC 18004 §5.3.8). */
const QUIET = 4;

/** Dark on light in any theme, or undefined where the text is too long for a camera. */
export function qr(text: string): SVGElement | undefined {
  const code = encode(text, 'M') ?? encode(text, 'L');
  if (!code) return undefined;
  const size = code.rows.length + 2 * QUIET;
  let d = '';
  code.rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      const from = x;
      while (row[x]) x++;
      if (x > from) d += `M${from + QUIET} ${y + QUIET}h${x - from}v1h-${x - from}z`;
    }
  });
  return svg(
    'svg',
    { viewBox: `0 0 ${size} ${size}`, class: 'qr', role: 'img', 'aria-label': 'The invite as a QR code', 'shape-rendering': 'crispEdges' },
    svg('rect', { class: 'light', width: size, height: size }),
    svg('path', { class: 'dark', d }),
  );
}
