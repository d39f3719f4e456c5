// What is wrong with the devices, and the button that tries again.
import { TriangleAlert } from 'lucide';
import { Icon } from '../kit/icon.tsx';
import type { LocalMedia } from './local-media.ts';

export function Problems({ media }: { media: LocalMedia }) {
  const problems = media.problems.value;
  const retry = () => {
    for (const capture of [media.microphone, media.camera]) {
      if (capture.error.value !== undefined) void capture.open();
    }
  };
  return (
    // Announced when it appears, without taking the focus away.
    <div class="problems" aria-live="polite">
      {problems.map(({ title, advice, retry: again }) => (
        <div key={title} class="callout">
          <Icon icon={TriangleAlert} />
          <p class="callout-title">{title}</p>
          <p>{advice}</p>
          {again && (
            <button type="button" class="button small" onClick={retry}>
              Try again
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
