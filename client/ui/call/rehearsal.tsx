// Draws a call that is not there, once and out of sight, so that the browser has compiled its code and matched its
// styles before the real one.
import { render } from 'preact';
import { emptyRoom, type RoomSnapshot } from '../../../shared/room/room.ts';
import type { Call } from '../../sdk/session/types.ts';
import type { RoomSession } from '../room/session.ts';
import { Stage } from '../stage/stage.tsx';
import { CallModel } from './call-model.ts';
import { Bar } from './controls/bar.tsx';

const SELF = 'rehearsal-self';
const OTHER = 'rehearsal-other';
/** Frames after which everything was drawn: the second has the tiles in the places of a stage that was measured. */
const FRAMES = 3;

/** Nobody sees it, hears it, or reaches it with the keyboard. It is gone after a few frames. */
export function rehearse(session: RoomSession): void {
  const host = document.createElement('div');
  host.inert = true;
  host.ariaHidden = 'true';
  Object.assign(host.style, {
    ...{ position: 'fixed', inset: '0', visibility: 'hidden', contain: 'strict' },
  });
  const model = new CallModel(imagined(session));
  document.body.append(host);
  render(
    <div class="call" data-compact={model.compact.value}>
      <main class="call-main">
        <Stage model={model} session={session} />
      </main>
      <Bar model={model} session={session} onDialog={() => {}} />
    </div>,
    host,
  );
  afterFrames(FRAMES, () => {
    render(null, host);
    host.remove();
    model.close();
  });
}

function afterFrames(count: number, action: () => void): void {
  requestAnimationFrame(() => (count > 1 ? afterFrames(count - 1, action) : action()));
}

/** A call with one other participant, in which nothing happens. */
function imagined({ room: name, role }: RoomSession): Call {
  const none = async () => {
    throw new Error('this call is not there');
  };
  const participant = (id: string) => ({ id, name: id, role, joinedAt: 0, online: true });
  const track = (participantId: string) =>
    ({
      id: `${participantId}-camera`,
      participantId,
      kind: 'video',
      source: 'camera',
      muted: false,
    }) as const;
  const room: RoomSnapshot = {
    ...emptyRoom(name),
    participants: [participant(SELF), participant(OTHER)],
    tracks: [track(SELF), track(OTHER)],
  };
  const path = { kind: 'none', protocol: null, server: null, roundTripMs: null } as const;
  return {
    participantId: SELF,
    room,
    count: room.participants.length,
    remoteTracks: new Map(),
    localTracks: new Map(),
    speakers: [],
    connection: { state: 'connected' },
    paths: { send: path, recv: path },
    recording: {
      ...{ terms: undefined, running: undefined },
      ...{ start: none, setPaused: none, stop: none, setConsent: none, access: none },
    },
    on: () => () => {},
    publish: none,
    unpublish() {},
    setMuted() {},
    subscribe() {},
    hideOthers() {},
    findParticipants: none,
    sendChat: none,
    muteOther: none,
    removeParticipant: none,
    stats: none,
    leave() {},
  };
}
