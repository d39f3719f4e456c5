// An icon of the Lucide set as inline SVG, hidden from screen readers: the control names itself.
import type { IconNode } from 'lucide';
import { h } from 'preact';

export interface IconProps {
  icon: IconNode;
  /** CSS pixels. */
  size?: number;
}

export function Icon({ icon, size = 22 }: IconProps) {
  return (
    <svg
      class="icon"
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      {icon.map(([tag, attributes], index) => h(tag, { key: index, ...attributes }))}
    </svg>
  );
}
