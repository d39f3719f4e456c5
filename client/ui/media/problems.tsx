// What is wrong with the devices, and the button that tries again.
import { TriangleAlert } from 'lucide';
import { Icon } from '../kit/icon.tsx';
import { readBrowserFacts } from './browser-facts.ts';
import { describeFailures } from './device-problem.ts';
import type { LocalMedia } from './local-media.ts';

export function Problems({ media }: { media: LocalMedia }) {
  const problems = describeFailures(media.failures.value, readBrowserFacts());
  const retry = () => {
    for (const capture of [media.microphone, media.camera]) {
      if (capture.error.value !== undefined) void capture.open();
    }
  };
  return (
    <>
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
    </>
  );
}
