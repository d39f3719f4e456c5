// A state in a word, with an icon that distinguishes it without colour.
import { CircleCheck, Clock, TriangleAlert } from 'lucide';
import { Icon } from '../../kit/icon.tsx';
import type { Said } from '../admin-words.ts';

const ICONS = { good: CircleCheck, waiting: Clock, bad: TriangleAlert } as const;

export function Badge({ tone, text }: Said) {
  return (
    <span class="badge" data-tone={tone}>
      <Icon icon={ICONS[tone]} size={18} />
      <span>{text}</span>
    </span>
  );
}
