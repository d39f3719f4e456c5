// One participant in the list: who it is, what they share, and a way to bring them onto the stage.
import { useComputed } from '@preact/signals';
import { Mic, MicOff, MonitorUp, Pin, PinOff, Video } from 'lucide';
import type { CallModel } from '../call/call-model.ts';
import { Icon } from '../kit/icon.tsx';
import { hueOf, initials } from '../kit/participant-look.ts';
import { marksOf, type Row } from './rows.ts';

export interface ParticipantRowProps {
  model: CallModel;
  /** Undefined while it is asked for. */
  row: Row | undefined;
}

export function ParticipantRow({ model, row }: ParticipantRowProps) {
  const speaking = useComputed(() => model.speakers.value.has(row?.participant.id ?? ''));
  if (!row) return <span class="row-waiting" aria-hidden="true" />;
  const { id, name, role, online } = row.participant;
  const { microphone, camera, screen } = marksOf(row.tracks);
  return (
    <>
      <span
        class="avatar row-avatar"
        aria-hidden="true"
        data-speaking={speaking}
        style={{ '--hue': String(hueOf(id)) }}
      >
        {initials(name)}
      </span>
      <span class="row-text">
        <span class="row-name">
          <bdi>{name}</bdi>
          {id === model.selfId && ' (you)'}
        </span>
        {(role === 'host' || !online) && (
          <span class="row-note">{online ? 'Host' : 'Reconnecting…'}</span>
        )}
      </span>
      <PinButton model={model} id={id} name={name} />
      <span class="row-marks">
        {screen && <Mark icon={MonitorUp} label="Shares a screen" />}
        {camera && <Mark icon={Video} label="Camera on" />}
        <Mark
          icon={microphone === 'on' ? Mic : MicOff}
          label={microphone === 'on' ? 'Microphone on' : 'Microphone off'}
          quiet={microphone === 'off'}
        />
      </span>
    </>
  );
}

interface MarkProps {
  icon: typeof Mic;
  label: string;
  quiet?: boolean;
}

function Mark({ icon, label, quiet = false }: MarkProps) {
  return (
    <span role="img" aria-label={label} data-quiet={quiet}>
      <Icon icon={icon} size={18} />
    </span>
  );
}

function PinButton({ model, id, name }: { model: CallModel; id: string; name: string }) {
  const { stage } = model;
  const pinned = stage.pinned.value === id;
  return (
    <button
      type="button"
      class="button quiet square small row-pin"
      aria-label={`Pin ${name}`}
      aria-pressed={pinned}
      onClick={() => stage.togglePin(id)}
    >
      <Icon icon={pinned ? PinOff : Pin} size={18} />
    </button>
  );
}
