// Makes a link to one film, for people without an account. It ends by itself.
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { RecordingSummary, ShareLink } from '../../../shared/recording/recording.ts';
import { announce } from '../kit/announcer.tsx';
import { copyText } from '../kit/clipboard.ts';
import { AskDialog } from '../kit/dialogs/ask-dialog.tsx';
import type { ReadyFilm } from './data/paging.ts';
import type { RecordingsApi } from './data/recordings-api.ts';
import { expiryText, filmTitle, nameOf } from './data/words.ts';

const DAY_SECONDS = 86_400;
const CHOICES = [
  { days: 1, label: '1 day' },
  { days: 7, label: '7 days' },
  { days: 30, label: '30 days' },
] as const;

export interface ShareDialogProps {
  api: RecordingsApi;
  recording: RecordingSummary;
  film: ReadyFilm;
  onClose: () => void;
}

export function ShareDialog({ api, recording, film, onClose }: ShareDialogProps) {
  const days = useSignal<number>(7);
  const link = useSignal<ShareLink | undefined>(undefined);
  const create = async () => {
    link.value = await api.share(recording.id, film.name, days.value * DAY_SECONDS);
  };
  return (
    <AskDialog
      title="Share this film"
      button={link.value ? undefined : 'Create link'}
      action={create}
      stays
      onClose={onClose}
    >
      <p class="muted">
        {nameOf(recording)}: {filmTitle(film)}
      </p>
      <fieldset class="choices row">
        <legend>The link works for</legend>
        {CHOICES.map((choice) => (
          <label key={choice.days} class="choice">
            <input
              type="radio"
              name="days"
              checked={days.value === choice.days}
              onChange={() => {
                days.value = choice.days;
                // A link for another time would be another one.
                link.value = undefined;
              }}
            />
            <span>{choice.label}</span>
          </label>
        ))}
      </fieldset>
      {link.value ? (
        <MadeLink link={link.value} />
      ) : (
        <p class="muted small-text">
          Whoever has the link can watch and save the film, without an account.
        </p>
      )}
    </AskDialog>
  );
}

function MadeLink({ link }: { link: ShareLink }) {
  const id = useId();
  const copied = useSignal(false);
  const url = new URL(link.url, location.origin).href;
  const copy = async (field: HTMLInputElement | null) => {
    copied.value = await copyText(url);
    if (copied.value) announce('The link was copied.');
    else field?.select();
  };
  return (
    <div class="field made-link">
      <label for={id}>Link</label>
      <div class="made-link-row">
        <input
          id={id}
          class="input"
          readOnly
          value={url}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <button
          type="button"
          class="button primary"
          onClick={() => {
            const field = document.getElementById(id);
            void copy(field instanceof HTMLInputElement ? field : null);
          }}
        >
          {copied.value ? 'Copied' : 'Copy'}
        </button>
      </div>
      <p class="muted small-text" role="status">
        {expiryText(link.expiresAt)} Whoever has it can watch and save the film.
      </p>
    </div>
  );
}
