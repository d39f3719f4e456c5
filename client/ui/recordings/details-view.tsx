// One recording: its film, the films that can be had, its tracks, and what is missing.
import { useSignal } from '@preact/signals';
import { ArrowLeft, Trash2 } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RecordingDetails } from '../../../shared/recording/recording.ts';
import type { ApiError } from '../admin/api-request.ts';
import { Icon } from '../kit/icon.tsx';
import { navigate } from '../kit/navigation.ts';
import { openRecording } from './data/address.ts';
import { DetailsModel } from './data/details-model.ts';
import type { ListModel } from './data/list-model.ts';
import { bestFilm, isReady } from './data/paging.ts';
import type { RecordingsApi } from './data/recordings-api.ts';
import {
  lengthText,
  nameOf,
  namesText,
  noFilmText,
  sizeText,
  stateOf,
  whenText,
} from './data/words.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { Films } from './films.tsx';
import { Player } from './player.tsx';
import { StateBadge } from './state-badge.tsx';
import { Gaps, Tracks } from './tracks.tsx';
import { Trouble } from './trouble.tsx';

export interface DetailsViewProps {
  api: RecordingsApi;
  list: ListModel;
  id: string;
  onRefused: (error: ApiError) => void;
}

export function DetailsView({ api, list, id, onRefused }: DetailsViewProps) {
  const [model] = useState(() => new DetailsModel({ api, id, onRefused }));
  useEffect(() => () => model.close(), [model]);
  const details = model.details.value;
  const failure = model.failure.value;
  return (
    <div class="recordings-body" aria-busy={details === undefined && !failure}>
      <a class="button quiet small back" href={location.pathname} onClick={back}>
        <Icon icon={ArrowLeft} size={20} />
        All recordings
      </a>
      {failure && (
        <Trouble
          error={failure}
          isOld={details !== undefined}
          onRetry={() => void model.refresh()}
        />
      )}
      {details && <Loaded {...{ model, list, details }} />}
      {!details && !failure && <div class="player player-waiting" aria-hidden="true" />}
    </div>
  );
}

interface LoadedProps {
  model: DetailsModel;
  list: ListModel;
  details: RecordingDetails;
}

function Loaded({ model, list, details }: LoadedProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const deleting = useSignal(false);
  const chosen = useSignal<{ name: string } | undefined>(
    openRecording().play ? { name: '' } : undefined,
  );
  const { room, startedAt, state, films } = details;
  useEffect(() => {
    document.title = `${nameOf(details)} · Parley`;
    heading.current?.focus();
  }, []);
  const film =
    films.filter(isReady).find(({ name }) => name === chosen.value?.name) ?? bestFilm(details);
  return (
    <>
      <div class="recording-title">
        <h1 ref={heading} tabIndex={-1}>
          {whenText(startedAt)}
        </h1>
        <StateBadge said={stateOf(details)} />
        <p class="muted recording-facts">
          <span>{room}</span>
          <span>{lengthText(details, Date.now())}</span>
          <span>{namesText(details.participants)}</span>
          <span>{sizeText(details.bytes)}</span>
        </p>
      </div>
      {film ? (
        <Player key={film.name} api={model.api} id={model.id} film={film} wish={chosen.value} />
      ) : (
        <div class="player player-empty">
          <p>{noFilmText(details, films)}</p>
        </div>
      )}
      <Films
        model={model}
        details={details}
        shown={film?.name}
        onPlay={(name) => {
          chosen.value = { name };
          scrollTo({ top: 0 });
        }}
      />
      <Gaps gaps={details.gaps} />
      <Tracks api={model.api} id={model.id} files={details.files} />
      {(state === 'ready' || state === 'finishing') && (
        <div>
          <button
            type="button"
            class="button quiet small delete"
            onClick={() => {
              deleting.value = true;
            }}
          >
            <Icon icon={Trash2} size={20} />
            Delete
          </button>
        </div>
      )}
      {deleting.value && (
        <DeleteDialog
          api={model.api}
          recording={details}
          onClose={() => {
            deleting.value = false;
          }}
          onDeleted={() => {
            list.removed(details.id);
            navigate(location.pathname);
          }}
        />
      )}
    </>
  );
}

function back(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  navigate(event.currentTarget.pathname);
}
