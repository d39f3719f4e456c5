// Says over the stage that the call is being recorded, to everybody, for as long as it is.
import { useSignal } from '@preact/signals';
import { ChevronDown, TriangleAlert } from 'lucide';
import { useEffect } from 'preact/hooks';
import { Icon } from '../../kit/icon.tsx';
import { Lazy } from '../../kit/lazy.tsx';
import { toggleMenu } from '../../kit/menu.tsx';
import type { RoomSession } from '../../room/session.ts';
import type { CallModel } from '../call-model.ts';
import { recordingMenu, startedBy } from './recording-menu.ts';
import { elapsedText, isRecorded, statusText, troubleText } from './words.ts';

async function loadCompanion() {
  const { RecordingCompanion } = await import('./recording-companion.tsx');
  return RecordingCompanion;
}

export function RecordingStatus({ model, session }: { model: CallModel; session: RoomSession }) {
  const records = model.recordingTerms.value !== undefined;
  return (
    <section class="recording-layer" aria-label={model.recording.value ? 'Recording' : undefined}>
      <Pill model={model} />
      {records && <Lazy load={loadCompanion} props={{ model, session }} />}
    </section>
  );
}

function Pill({ model }: { model: CallModel }) {
  const recording = model.recording.value;
  if (!recording) return null;
  const terms = model.recordingTerms.value;
  const { id, startedAt, paused } = recording;
  const why = paused ? undefined : troubleText(recording);
  // A panel that covers everything has no room for more than the words, and the menus are below it.
  const short = model.panelCoversStage.value;
  return (
    <div class="recording" data-paused={paused} data-trouble={why !== undefined} data-short={short}>
      <div class="recording-words">
        {/* Each change is announced once, in a whole sentence. */}
        <p role="status" aria-live="off" title={startedBy(model)}>
          {why !== undefined && <Icon icon={TriangleAlert} size={18} />}
          {short && <span class="sr-only">Recording: </span>}
          {statusText(recording, short)}
        </p>
        {why !== undefined && !short && <p class="recording-why">{why}</p>}
      </div>
      {!paused && !why && !short && <Elapsed key={id} startedAt={startedAt} />}
      {!why && !short && !isRecorded(terms, model.self.value) && <span class="muted">not you</span>}
      {!short && (terms?.allowed || terms?.askConsent) && (
        <button
          type="button"
          class="recording-more"
          aria-label="About the recording"
          aria-haspopup="menu"
          aria-expanded={false}
          onClick={({ currentTarget }) =>
            toggleMenu(currentTarget, 'About the recording', recordingMenu(model))
          }
        >
          <Icon icon={ChevronDown} size={18} />
        </button>
      )}
    </div>
  );
}

/** Outside the status, so that no screen reader counts along. */
function Elapsed({ startedAt }: { startedAt: number }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return <time class="recording-time">{elapsedText(now.value - startedAt)}</time>;
}
