// A rectangle of the layout as a CSS position.
import type { Placement } from './layout.ts';

export function rectStyle({ x, y, width, height }: Placement) {
  return { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
}
