// The list of recordings, newest first: searched, page by page.
import { Search } from 'lucide';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from '../kit/icon.tsx';
import type { ListModel } from './data/list-model.ts';
import type { RecordingsApi } from './data/recordings-api.ts';
import { RecordingItem } from './recording-item.tsx';
import { Trouble } from './trouble.tsx';

/** As many as a page shows while the first answer is on its way. */
const PLACEHOLDERS = ['a', 'b', 'c'];

export interface ListViewProps {
  api: RecordingsApi;
  list: ListModel;
  /** Undefined: all rooms. */
  room: string | undefined;
}

export function ListView({ api, list, room }: ListViewProps) {
  const id = useId();
  const items = useRef<HTMLUListElement>(null);
  const listed = list.listed.value;
  const failure = list.failure.value;
  // What was under way may be over since the list was shown last.
  useEffect(() => void list.refresh(), [list]);
  const more = async () => {
    const before = listed?.recordings.length ?? 0;
    await list.loadMore();
    // The button may be gone, and the focus with it.
    const first = items.current?.children[before];
    if (first instanceof HTMLElement) first.querySelector('a')?.focus();
  };
  return (
    <div class="recordings-body" aria-busy={listed === undefined && !failure}>
      <search class="recordings-search">
        <label class="sr-only" for={id}>
          Search recordings
        </label>
        <Icon icon={Search} size={20} />
        <input
          id={id}
          class="input"
          type="search"
          placeholder={room === undefined ? 'Room, name or date' : 'Name or date'}
          autocomplete="off"
          value={list.search.value}
          onInput={({ currentTarget }) => list.type(currentTarget.value)}
        />
      </search>
      {failure && (
        <Trouble error={failure} isOld={listed !== undefined} onRetry={() => void list.refresh()} />
      )}
      <p class="sr-only" role="status">
        {listed && countText(listed.recordings.length, list.answered.value)}
      </p>
      {listed && listed.recordings.length > 0 && (
        <ul ref={items} class="recordings-list" aria-label="Recordings">
          {listed.recordings.map((recording) => (
            <RecordingItem
              key={recording.id}
              {...{ api, list, recording }}
              withRoom={room === undefined}
            />
          ))}
        </ul>
      )}
      {listed?.recordings.length === 0 && <Empty search={list.answered.value} room={room} />}
      {!listed && !failure && (
        <div class="recordings-list" aria-hidden="true">
          {PLACEHOLDERS.map((key) => (
            <div key={key} class="recording-card recording-waiting" />
          ))}
        </div>
      )}
      {listed && listed.cursor !== null && (
        <button
          type="button"
          class="button load-more"
          aria-disabled={list.loadingMore.value}
          onClick={() => void more()}
        >
          {list.loadingMore.value ? 'Loading…' : 'Load more'}
        </button>
      )}
    </div>
  );
}

function countText(count: number, search: string): string {
  if (search === '') return '';
  return count === 1 ? 'One recording found' : `${count} recordings found`;
}

function Empty({ search, room }: { search: string; room: string | undefined }) {
  if (search !== '') {
    return (
      <p class="recordings-empty">
        Nothing was found for “{search}”. Names, dates such as 2026-11-28
        {room === undefined && ' and rooms'} can be searched.
      </p>
    );
  }
  return (
    <div class="recordings-empty">
      <h2>Nothing is recorded yet</h2>
      <p>
        In a call, press <b>Record</b> in the bar below the stage. When the recording has stopped,
        it is here, with a film to play and to share.
      </p>
    </div>
  );
}
