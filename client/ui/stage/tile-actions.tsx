// The actions on a tile: pin it; for hosts also mute and remove.

import { useComputed, useSignal } from '@preact/signals';
import { EllipsisVertical, MicOff, Pin, PinOff, UserX } from 'lucide';
import { isGranted } from '../../../shared/room/grants.ts';
import type { CallModel } from '../call/call-model.ts';
import { Dialog } from '../kit/dialogs/dialog.tsx';
import { Icon } from '../kit/icon.tsx';
import { type MenuItem, toggleMenu } from '../kit/menu.tsx';
import { notify } from '../kit/notices.tsx';
import type { ParticipantTile, ScreenTile } from './tiles.ts';
import { tileLabel } from './tiles.ts';

export interface TileActionsProps {
  tile: ParticipantTile | ScreenTile;
  model: CallModel;
}

export function TileActions({ tile, model }: TileActionsProps) {
  const removing = useSignal(false);
  const { stage } = model;
  const pinned = stage.pinned.value === tile.id;
  // With many tiles, the Tab key would be pressed fifty times to get past them.
  const stops = useComputed(() => !stage.many.value || stage.tabStop.value === tile.id);
  const tabIndex = stops.value ? 0 : -1;
  const label = tileLabel(tile);
  const mayModerate = isGranted(model.role.value, 'moderate') && !tile.you;
  const openMenu = (anchor: HTMLElement) =>
    toggleMenu(anchor, `Options for ${label}`, [
      { items: hostItems(tile, model, () => (removing.value = true)) },
    ]);
  return (
    <div
      class="tile-actions"
      onFocusIn={() => {
        stage.focused.value = tile.id;
      }}
    >
      <button
        type="button"
        tabIndex={tabIndex}
        class="tile-action"
        aria-label={`Pin ${label}`}
        aria-pressed={pinned}
        onClick={() => stage.togglePin(tile.id)}
      >
        <Icon icon={pinned ? PinOff : Pin} size={18} />
      </button>
      {mayModerate && (
        <button
          type="button"
          tabIndex={tabIndex}
          class="tile-action"
          aria-label={`Options for ${label}`}
          aria-haspopup="menu"
          aria-expanded={false}
          onClick={({ currentTarget }) => openMenu(currentTarget)}
        >
          <Icon icon={EllipsisVertical} size={18} />
        </button>
      )}
      {removing.value && (
        <RemoveDialog
          name={tile.name}
          onClose={() => {
            removing.value = false;
          }}
          onRemove={() => attempt(model.call.removeParticipant(tile.participantId))}
        />
      )}
    </div>
  );
}

function hostItems(
  tile: ParticipantTile | ScreenTile,
  { call }: CallModel,
  remove: () => void,
): MenuItem[] {
  const trackId = mutableTrack(tile);
  const mute: MenuItem = {
    label: tile.kind === 'screen' ? 'Stop this share' : 'Mute',
    icon: MicOff,
    run: () => trackId !== undefined && attempt(call.muteOther(trackId)),
  };
  return [
    ...(trackId === undefined ? [] : [mute]),
    { label: 'Remove', icon: UserX, danger: true, run: remove },
  ];
}

function mutableTrack(tile: ParticipantTile | ScreenTile): string | undefined {
  if (tile.kind === 'screen') return tile.videoTrackId;
  return tile.microphone?.muted === false ? tile.microphone.trackId : undefined;
}

function attempt(request: Promise<void>): void {
  request.catch((error: unknown) => {
    if (error instanceof Error) notify({ text: error.message, tone: 'warning' });
  });
}

interface RemoveDialogProps {
  name: string;
  onClose: () => void;
  onRemove: () => void;
}

function RemoveDialog({ name, onClose, onRemove }: RemoveDialogProps) {
  return (
    <Dialog title={`Remove ${name}?`} onClose={onClose}>
      <p>The call ends for them. They can come back with a valid link.</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Keep
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            onClose();
            onRemove();
          }}
        >
          Remove
        </button>
      </div>
    </Dialog>
  );
}
