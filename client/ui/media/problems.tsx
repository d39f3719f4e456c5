// The problems of devices, and the button that tries again.
import { TriangleAlert } from 'lucide';
import { Icon } from '../kit/icon.tsx';
import { readBrowserFacts } from './browser-facts.ts';
import { newsText, SILENCED_TEXT } from './changes/news.ts';
import { describeFailures } from './device-problem.ts';
import type { LocalMedia } from './local-media.ts';

export function Problems({ media }: { media: LocalMedia }) {
  const problems = describeFailures(media.failures.value, readBrowserFacts());
  const { news } = media;
  // A mute by the system is shown for as long as it lasts, not once.
  const event = news.value?.type === 'silenced' ? undefined : news.value;
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
      {media.silenced.value.map((kind) => (
        <div key={kind} class="callout" role="status">
          <Icon icon={TriangleAlert} />
          <p>{SILENCED_TEXT[kind]}</p>
        </div>
      ))}
      {event && (
        <div class="callout" role="status">
          <Icon icon={TriangleAlert} />
          <p>{newsText(event, readBrowserFacts()).text}</p>
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
