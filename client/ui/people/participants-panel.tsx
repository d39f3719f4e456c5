// The participants of the room in a panel: beside the stage, or over it on a phone.
import { Search, X } from 'lucide';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import type { CallModel } from '../call/call-model.ts';
import { useReturnFocus } from '../call/return-focus.ts';
import { Icon } from '../kit/icon.tsx';
import { ParticipantRow } from './participant-row.tsx';
import { RowSource } from './row-source.ts';
import { VirtualList } from './virtual-list.tsx';
import '../styles/people.css';

/** A shorter list is read faster than a search is typed. */
const SEARCH_FROM = 8;
const NUMBER = new Intl.NumberFormat();

export function ParticipantsPanel({ model }: { model: CallModel }) {
  const [source] = useState(() => new RowSource(model));
  useEffect(() => () => source.close(), [source]);
  useReturnFocus();
  const heading = useRef<HTMLHeadingElement>(null);
  // The keyboard of a phone would cover half of the list.
  useEffect(() => heading.current?.focus(), []);
  const count = model.count.value;
  const close = () => {
    model.sidePanel.value = undefined;
  };
  return (
    <aside
      class="panel side people"
      aria-label="Participants"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        if (source.search.value === '') close();
        else source.search.value = '';
      }}
    >
      <header class="panel-head">
        <h2 ref={heading} tabIndex={-1}>
          Participants <span class="people-count">{NUMBER.format(count)}</span>
        </h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={close}>
          <Icon icon={X} />
        </button>
      </header>
      {(count >= SEARCH_FROM || source.search.value !== '') && <SearchField source={source} />}
      <Rows model={model} source={source} />
    </aside>
  );
}

function SearchField({ source }: { source: RowSource }) {
  const id = useId();
  const { total } = source;
  const searching = source.search.value.trim() !== '';
  return (
    <div class="people-search">
      <label class="sr-only" for={id}>
        Search participants
      </label>
      <Icon icon={Search} size={18} />
      <input
        id={id}
        type="search"
        class="input"
        placeholder="Search"
        autocomplete="off"
        spellcheck={false}
        enterkeyhint="search"
        maxLength={LIMITS.displayNameLength}
        value={source.search.value}
        onInput={(event) => {
          source.search.value = event.currentTarget.value;
        }}
      />
      <p class="people-found" aria-live="polite">
        {searching && (total ?? 0) > 0 && `${NUMBER.format(total ?? 0)} found`}
      </p>
    </div>
  );
}

function Rows({ model, source }: { model: CallModel; source: RowSource }) {
  const { total } = source;
  const search = source.search.value.trim();
  const problem = source.failed.value && (
    <p class="people-note" role="alert">
      The list could not be loaded. Parley tries again in a few seconds.
    </p>
  );
  if (total === 0) {
    return (
      <div class="people-note">
        {problem}
        <p>
          No name here has <bdi>“{search}”</bdi> in it.
        </p>
        <button
          type="button"
          class="button small"
          onClick={() => {
            source.search.value = '';
          }}
        >
          Show everybody
        </button>
      </div>
    );
  }
  return (
    <>
      {problem}
      <VirtualList
        label="Participants"
        total={total ?? 0}
        topOn={search}
        onRange={(range) => source.look(range)}
        keyOf={(index) => source.rowAt(index)?.participant.id ?? `row ${index}`}
        row={(index) => <ParticipantRow model={model} row={source.rowAt(index)} />}
      />
    </>
  );
}
