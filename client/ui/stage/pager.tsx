// Turns the pages of the stage, where there are several.
import { ChevronLeft, ChevronRight } from 'lucide';
import { Icon } from '../kit/icon.tsx';
import { ariaShortcut } from '../kit/shortcuts.ts';
import type { StageModel } from './stage-model.ts';

export function Pager({ stage }: { stage: StageModel }) {
  const { page, pages } = stage.layout.value;
  if (pages === 1) return null;
  return (
    <nav class="pager" aria-label="Pages of people">
      <Turn stage={stage} step={-1} possible={page > 0} />
      <p aria-live="polite">
        Page {page + 1} of {pages}
      </p>
      <Turn stage={stage} step={1} possible={page < pages - 1} />
    </nav>
  );
}

interface TurnProps {
  stage: StageModel;
  step: -1 | 1;
  possible: boolean;
}

function Turn({ stage, step, possible }: TurnProps) {
  const action = step === 1 ? 'nextPage' : 'previousPage';
  const label = step === 1 ? 'Next people' : 'Previous people';
  return (
    <button
      type="button"
      class="button quiet square small"
      aria-label={label}
      aria-keyshortcuts={ariaShortcut(action)}
      title={`${label} (${ariaShortcut(action)})`}
      aria-disabled={!possible}
      onClick={() => {
        if (possible) stage.turnPage(step);
      }}
    >
      <Icon icon={step === 1 ? ChevronRight : ChevronLeft} size={20} />
    </button>
  );
}
