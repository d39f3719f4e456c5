// The tracks of a recording, each as a file of its own, and what is missing of them.
import { useSignal } from '@preact/signals';
import { Download } from 'lucide';
import { useId } from 'preact/hooks';
import type { RecordedFile, RecordedGap } from '../../../shared/recording/recording.ts';
import { Icon } from '../kit/icon.tsx';
import { download, messageOf } from './data/download.ts';
import type { RecordingsApi } from './data/recordings-api.ts';
import { clockText, codecText, exactText, gapText, sizeText, trackTitle } from './data/words.ts';

/** More are shown on demand. */
const GAPS_SHOWN = 5;

export interface TracksProps {
  api: RecordingsApi;
  id: string;
  files: readonly RecordedFile[];
}

export function Tracks({ api, id, files }: TracksProps) {
  const headingId = useId();
  const problem = useSignal<string | undefined>(undefined);
  const save = async (name: string) => {
    problem.value = undefined;
    await download(api, id, name).catch((error: unknown) => {
      problem.value = messageOf(error);
    });
  };
  return (
    <section class="recording-section" aria-labelledby={headingId}>
      <h2 id={headingId}>Tracks</h2>
      <p class="muted small-text">
        What each participant sent, unchanged: a file for each microphone, camera and screen. A
        track that was interrupted has several.
      </p>
      {problem.value !== undefined && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      {files.length === 0 ? (
        <p class="muted">No track was recorded: nobody had a microphone, camera or screen on.</p>
      ) : (
        <ul class="file-rows" aria-labelledby={headingId}>
          {files.map((file) => (
            <li key={file.name} class="file-row" aria-label={trackTitle(file)}>
              <div class="file-row-what">
                <p class="file-row-title">{trackTitle(file)}</p>
                <p class="muted small-text recording-facts">
                  <span>{clockText(file.startedAt)}</span>
                  <span>{exactText(file.durationMs)}</span>
                  <span>{codecText(file.codec)}</span>
                  <span>{sizeText(file.bytes)}</span>
                </p>
              </div>
              <div class="file-row-actions">
                <button
                  type="button"
                  class="button quiet square small"
                  aria-label="Download"
                  title="Download"
                  onClick={() => void save(file.name)}
                >
                  <Icon icon={Download} size={20} />
                </button>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function Gaps({ gaps }: { gaps: readonly RecordedGap[] }) {
  const id = useId();
  if (gaps.length === 0) return null;
  const [first, rest] = [gaps.slice(0, GAPS_SHOWN), gaps.slice(GAPS_SHOWN)];
  return (
    <section class="recording-section" aria-labelledby={id}>
      <h2 id={id}>What is missing</h2>
      <GapList gaps={first} />
      {rest.length > 0 && (
        <details class="more-gaps">
          <summary>{rest.length} more</summary>
          <GapList gaps={rest} />
        </details>
      )}
    </section>
  );
}

function GapList({ gaps }: { gaps: readonly RecordedGap[] }) {
  return (
    <ul class="gaps">
      {gaps.map((gap) => (
        <li key={`${gap.participant} ${gap.source} ${gap.from}`}>{gapText(gap)}</li>
      ))}
    </ul>
  );
}
