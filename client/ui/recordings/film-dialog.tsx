// What another film is to be.
import { useSignal } from '@preact/signals';
import { FILM_FORMATS, FILM_LAYOUTS, type FilmOrder } from '../../../shared/recording/recording.ts';
import { AskDialog } from '../kit/dialogs/ask-dialog.tsx';
import type { DetailsModel } from './data/details-model.ts';
import { FORMAT_WORDS, LAYOUT_WORDS } from './data/words.ts';

export function FilmDialog({ model, onClose }: { model: DetailsModel; onClose: () => void }) {
  const order = useSignal<FilmOrder>({ layout: 'grid', format: 'mp4', chat: false });
  const change = (part: Partial<FilmOrder>) => {
    order.value = { ...order.value, ...part };
  };
  return (
    <AskDialog
      title="Make another film"
      button="Make film"
      action={() => model.act((api) => api.orderFilm(model.id, order.value))}
      done="The film is ordered. Its progress is in the list."
      onClose={onClose}
    >
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
    </AskDialog>
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
