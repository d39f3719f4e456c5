// A rectangle of the layout as a CSS position. A tile that only moves needs no new layout of the page.
import type { Placement } from './layout.ts';

export function rectStyle({ x, y, width, height }: Placement) {
  return { translate: `${x}px ${y}px`, width: `${width}px`, height: `${height}px` };
}
