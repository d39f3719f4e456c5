// The problems of devices, and the button that tries again.
import { TriangleAlert } from 'lucide';
import { Icon } from '../kit/icon.tsx';
import { readBrowserFacts } from './browser-facts.ts';
import { newsText } from './changes/news.ts';
import { describeFailures } from './device-problem.ts';
import type { LocalMedia } from './local-media.ts';

export function Problems({ media }: { media: LocalMedia }) {
  const problems = describeFailures(media.failures.value, readBrowserFacts());
  const { news } = media;
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
      {news.value && (
        <div class="callout" role="status">
          <Icon icon={TriangleAlert} />
          <p>{newsText(news.value, readBrowserFacts()).text}</p>
          <button
            type="button"
            class="button small"
            onClick={() => {
              news.value = undefined;
            }}
          >
            OK
          </button>
        </div>
      )}
    </>
  );
}
