// What another film is to be.
import { useSignal } from '@preact/signals';
import { FILM_FORMATS, FILM_LAYOUTS, type FilmOrder } from '../../../shared/recording/recording.ts';
import { announce } from '../kit/announcer.tsx';
import { Dialog } from '../kit/dialog.tsx';
import type { DetailsModel } from './data/details-model.ts';
import { messageOf } from './data/download.ts';
import { FORMAT_WORDS, LAYOUT_WORDS } from './data/words.ts';

export function FilmDialog({ model, onClose }: { model: DetailsModel; onClose: () => void }) {
  const order = useSignal<FilmOrder>({ layout: 'grid', format: 'mp4', chat: false });
  const problem = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const change = (part: Partial<FilmOrder>) => {
    order.value = { ...order.value, ...part };
  };
  const run = async () => {
    if (busy.value) return;
    busy.value = true;
    try {
      await model.act((api) => api.orderFilm(model.id, order.value));
      announce('The film is ordered. Its progress is in the list.');
      onClose();
    } catch (error) {
      problem.value = messageOf(error);
      busy.value = false;
    }
  };
  return (
    <Dialog title="Make another film" onClose={onClose}>
      <Choices
        legend="Layout"
        name="layout"
        values={FILM_LAYOUTS}
        words={LAYOUT_WORDS}
        chosen={order.value.layout}
        onChoose={(layout) => change({ layout })}
      />
      <Choices
        legend="Format"
        name="format"
        values={FILM_FORMATS}
        words={FORMAT_WORDS}
        chosen={order.value.format}
        onChoose={(format) => change({ format })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={order.value.chat}
          onChange={({ currentTarget }) => change({ chat: currentTarget.checked })}
        />
        The chat as subtitles, where it was recorded
      </label>
      {problem.value !== undefined && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="button primary"
          aria-disabled={busy.value}
          onClick={() => void run()}
        >
          Make film
        </button>
      </div>
    </Dialog>
  );
}

interface ChoicesProps<T extends string> {
  legend: string;
  name: string;
  values: readonly T[];
  words: Readonly<Record<T, { name: string; what: string }>>;
  chosen: T;
  onChoose: (value: T) => void;
}

function Choices<T extends string>(props: ChoicesProps<T>) {
  const { legend, name, values, words, chosen, onChoose } = props;
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {values.map((value) => (
        <label key={value} class="choice">
          <input
            type="radio"
            name={name}
            checked={chosen === value}
            onChange={() => onChoose(value)}
          />
          <span>
            {words[value].name}
            <span class="muted small-text">{words[value].what}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
