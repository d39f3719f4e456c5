// A state as an icon and a word: never as a colour alone.
import { CircleCheck, CircleDot, Clock, TriangleAlert } from 'lucide';
import { Icon } from '../kit/icon.tsx';
import type { Said, Tone } from './data/words.ts';

const ICONS: Readonly<Record<Tone, Parameters<typeof Icon>[0]['icon']>> = {
  good: CircleCheck,
  waiting: Clock,
  running: CircleDot,
  bad: TriangleAlert,
};

export function StateBadge({ said: { tone, text } }: { said: Said }) {
  return (
    <p class="state-badge" data-tone={tone}>
      <Icon icon={ICONS[tone]} size={16} />
      <span>{text}</span>
    </p>
  );
}
