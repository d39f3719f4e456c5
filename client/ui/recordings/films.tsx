// The films of a recording: played, saved, shared, watched as they are made, and another one ordered.
import { useSignal } from '@preact/signals';
import { Clapperboard, Download, Play, Share2, X } from 'lucide';
import { useId } from 'preact/hooks';
import type { Film, RecordingDetails } from '../../../shared/recording/recording.ts';
import { Icon } from '../kit/icon.tsx';
import type { DetailsModel } from './data/details-model.ts';
import { download, messageOf } from './data/download.ts';
import { isFilmUnderWay, isReady, type ReadyFilm } from './data/paging.ts';
import { filmState, filmTitle } from './data/words.ts';
import { FilmDialog } from './film-dialog.tsx';
import { ShareDialog } from './share-dialog.tsx';
import { StateBadge } from './state-badge.tsx';

export interface FilmsProps {
  model: DetailsModel;
  details: RecordingDetails;
  /** The name of the film in the player. */
  shown: string | undefined;
  onPlay: (name: string) => void;
}

export function Films({ model, details, shown, onPlay }: FilmsProps) {
  const id = useId();
  const ordering = useSignal(false);
  const sharing = useSignal<ReadyFilm | undefined>(undefined);
  const { films, state } = details;
  const isOver = state === 'ready' || state === 'finishing';
  if (films.length === 0 && !isOver) return null;
  return (
    <section class="recording-section" aria-labelledby={id}>
      <h2 id={id}>Films</h2>
      {films.length > 0 && (
        <ul class="file-rows" aria-labelledby={id}>
          {films.map((film) => (
            <FilmRow
              key={film.id}
              {...{ model, film, onPlay }}
              isShown={film.name !== undefined && film.name === shown}
              onShare={(ready) => {
                sharing.value = ready;
              }}
            />
          ))}
        </ul>
      )}
      {isOver && (
        <div>
          <button
            type="button"
            class="button small"
            onClick={() => {
              ordering.value = true;
            }}
          >
            <Icon icon={Clapperboard} size={20} />
            Make another film
          </button>
        </div>
      )}
      {ordering.value && (
        <FilmDialog
          model={model}
          onClose={() => {
            ordering.value = false;
          }}
        />
      )}
      {sharing.value && (
        <ShareDialog
          api={model.api}
          recording={details}
          film={sharing.value}
          onClose={() => {
            sharing.value = undefined;
          }}
        />
      )}
    </section>
  );
}

interface FilmRowProps {
  model: DetailsModel;
  film: Film;
  isShown: boolean;
  onPlay: (name: string) => void;
  onShare: (film: ReadyFilm) => void;
}

function FilmRow({ model, film, isShown, onPlay, onShare }: FilmRowProps) {
  const problem = useSignal<string | undefined>(undefined);
  const orProblem = async (action: Promise<unknown>) => {
    problem.value = undefined;
    await action.catch((error: unknown) => {
      problem.value = messageOf(error);
    });
  };
  const title = filmTitle(film);
  return (
    <li class="file-row" aria-label={title} aria-current={isShown ? 'true' : undefined}>
      <div class="file-row-what">
        <p class="file-row-title">{title}</p>
        <StateBadge said={filmState(film)} />
        {film.state === 'rendering' && (
          <progress aria-label={`Progress of ${title}`} max={1} value={film.progress} />
        )}
      </div>
      <div class="file-row-actions">
        {isReady(film) && (
          <>
            <button type="button" class="button small" onClick={() => onPlay(film.name)}>
              <Icon icon={Play} size={20} />
              Play
            </button>
            <button
              type="button"
              class="button quiet square small"
              aria-label="Download"
              title="Download"
              onClick={() => void orProblem(download(model.api, model.id, film.name))}
            >
              <Icon icon={Download} size={20} />
            </button>
            <button
              type="button"
              class="button quiet square small"
              aria-label="Share"
              title="Share"
              onClick={() => onShare(film)}
            >
              <Icon icon={Share2} size={20} />
            </button>
          </>
        )}
        {isFilmUnderWay(film) && (
          <button
            type="button"
            class="button quiet small"
            onClick={() => void orProblem(model.act((api) => api.cancelFilm(model.id, film.id)))}
          >
            <Icon icon={X} size={20} />
            Cancel
          </button>
        )}
      </div>
      {problem.value !== undefined && (
        <p class="field-error file-row-problem" role="alert">
          {problem.value}
        </p>
      )}
    </li>
  );
}
