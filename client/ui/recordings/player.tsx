// Plays a film. Its address works for a short time, so another one is asked for when it has ended.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { messageOf } from './data/download.ts';
import type { ReadyFilm } from './data/paging.ts';
import type { RecordingsApi } from './data/recordings-api.ts';
import { filmTitle } from './data/words.ts';

/** Another address does not help a film that fails again this soon. Milliseconds. */
const RENEW_AGAIN_AFTER_MS = 10_000;

export interface PlayerProps {
  api: RecordingsApi;
  id: string;
  film: ReadyFilm;
  /** Each new one means that it is to play now. Undefined: when somebody presses play. */
  wish: object | undefined;
}

export function Player({ api, id, film, wish }: PlayerProps) {
  const url = useSignal<string | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const video = useRef<HTMLVideoElement>(null);
  const renewedAt = useRef(Number.NEGATIVE_INFINITY);
  /** Where another address goes on. */
  const resume = useRef({ at: 0, play: wish !== undefined });
  const open = async () => {
    problem.value = undefined;
    try {
      url.value = (await api.ticket(id, film.name, 'film')).url;
    } catch (error) {
      problem.value = messageOf(error);
    }
  };
  useEffect(() => void open(), []);
  useEffect(() => {
    // While there is no address yet, it plays as soon as there is.
    if (wish) video.current?.play().catch(() => {});
  }, [wish]);
  const onError = () => {
    const element = video.current;
    if (!element) return;
    if (performance.now() - renewedAt.current < RENEW_AGAIN_AFTER_MS) {
      problem.value =
        'This browser cannot play the film. Download it, or make it in another format.';
      return;
    }
    renewedAt.current = performance.now();
    resume.current = { at: element.currentTime, play: !element.paused };
    void open();
  };
  return (
    <div class="player">
      {url.value !== undefined && (
        // biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said; the chat is in the film itself
        <video
          ref={video}
          key={url.value}
          src={url.value}
          controls
          playsInline
          preload="metadata"
          aria-label={`Film: ${filmTitle(film)}`}
          onLoadedMetadata={({ currentTarget }) => {
            const { at, play: again } = resume.current;
            if (at > 0) currentTarget.currentTime = at;
            if (again) currentTarget.play().catch(() => {});
          }}
          onError={onError}
        />
      )}
      {problem.value !== undefined && (
        <div class="player-problem" role="alert">
          <p>{problem.value}</p>
          <button type="button" class="button small" onClick={() => void open()}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}
