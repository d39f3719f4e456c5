// One recording in the list, and what can be done with it there.
import { useSignal } from '@preact/signals';
import { Download, Play, Share2, Trash2 } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import type { RecordingSummary } from '../../../shared/recording/recording.ts';
import { Icon } from '../kit/icon.tsx';
import { navigate } from '../kit/navigation.ts';
import { detailsPath } from './data/address.ts';
import { download, messageOf } from './data/download.ts';
import type { ListModel } from './data/list-model.ts';
import { bestFilm, type ReadyFilm } from './data/paging.ts';
import type { RecordingsApi } from './data/recordings-api.ts';
import { lengthText, nameOf, namesText, sizeText, stateOf, whenText } from './data/words.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { ShareDialog } from './share-dialog.tsx';
import { StateBadge } from './state-badge.tsx';

export interface RecordingItemProps {
  api: RecordingsApi;
  list: ListModel;
  recording: RecordingSummary;
  withRoom: boolean;
}

type OpenDialog = 'delete' | { share: ReadyFilm } | undefined;

export function RecordingItem({ api, list, recording, withRoom }: RecordingItemProps) {
  const id = useId();
  const item = useRef<HTMLLIElement>(null);
  const dialog = useSignal<OpenDialog>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const { state, room, startedAt } = recording;
  const close = () => {
    dialog.value = undefined;
  };
  const withFilm = async (use: (film: ReadyFilm) => Promise<void> | void) => {
    if (busy.value) return;
    busy.value = true;
    problem.value = undefined;
    try {
      const film = bestFilm(await api.details(recording.id));
      if (film) await use(film);
      else problem.value = 'It has no film that is ready. Open it to make one.';
    } catch (error) {
      problem.value = messageOf(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <li ref={item} class="recording-card" aria-label={nameOf(recording)}>
      <div class="recording-what">
        <h2>
          <a id={id} href={detailsPath(recording.id)} onClick={follow}>
            {withRoom && <span class="recording-room">{room}</span>}
            {whenText(startedAt)}
          </a>
        </h2>
        <p class="muted small-text recording-facts">
          <span>{lengthText(recording, Date.now())}</span>
          <span>{namesText(recording.participants)}</span>
          <span>{sizeText(recording.bytes)}</span>
        </p>
        <StateBadge said={stateOf(recording)} />
      </div>
      <div class="recording-actions">
        {state === 'ready' && (
          <>
            <button
              type="button"
              class="button small"
              aria-describedby={id}
              onClick={() => navigate(detailsPath(recording.id, true))}
            >
              <Icon icon={Play} size={20} />
              Play
            </button>
            <Action
              label="Download"
              itemId={id}
              onClick={() => void withFilm(({ name }) => download(api, recording.id, name))}
            >
              <Icon icon={Download} size={20} />
            </Action>
            <Action
              label="Share"
              itemId={id}
              onClick={() =>
                void withFilm((film) => {
                  dialog.value = { share: film };
                })
              }
            >
              <Icon icon={Share2} size={20} />
            </Action>
          </>
        )}
        {state === 'ready' && (
          <Action
            label="Delete"
            itemId={id}
            onClick={() => {
              dialog.value = 'delete';
            }}
          >
            <Icon icon={Trash2} size={20} />
          </Action>
        )}
      </div>
      {problem.value !== undefined && (
        <p class="field-error recording-problem" role="alert">
          {problem.value}
        </p>
      )}
      {dialog.value === 'delete' && (
        <DeleteDialog
          {...{ api, recording }}
          onClose={close}
          onDeleted={() => {
            focusBeside(item.current);
            list.removed(recording.id);
          }}
        />
      )}
      {typeof dialog.value === 'object' && (
        <ShareDialog {...{ api, recording }} film={dialog.value.share} onClose={close} />
      )}
    </li>
  );
}

interface ActionProps {
  label: string;
  itemId: string;
  onClick: () => void;
  children: ComponentChildren;
}

function Action({ label, itemId, onClick, children }: ActionProps) {
  return (
    <button
      type="button"
      class="button quiet square small"
      aria-label={label}
      aria-describedby={itemId}
      title={label}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** The item is gone in a moment, and the focus with it. */
function focusBeside(item: Element | null): void {
  const beside = item?.nextElementSibling ?? item?.previousElementSibling;
  const next = beside?.querySelector('a') ?? document.querySelector('h1');
  setTimeout(() => next?.focus());
}

function follow(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  const { pathname, search } = event.currentTarget;
  navigate(pathname + search);
}
