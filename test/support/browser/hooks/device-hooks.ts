// Runs in the page before its own scripts: Chromium's made-up devices can be unplugged, used by another
// program, muted and taken back, and questions to the user stay open until the test answers them.

type Kind = 'audioinput' | 'videoinput' | 'audiooutput';

export interface DeviceHooks {
  /** Ids of what is plugged in. */
  plugged(kind: Kind): Promise<string[]>;
  /** What is open of it ends, as when the cable is pulled. */
  unplug(deviceId: string): void;
  plug(deviceId: string): void;
  /** Another program uses it; `false` gives it back. */
  occupy(deviceId: string, used?: boolean): void;
  /** The system mutes what is open of a kind. */
  mute(kind: 'audio' | 'video', muted: boolean): void;
  /** The user takes the permission back, or gives it again. */
  permit(name: 'camera' | 'microphone', state: PermissionState): void;
  /** Questions to the user wait from now on. */
  hold(): void;
  /** How many of them wait. */
  held(): number;
  /** The user says yes to all that wait; nothing waits after it. */
  answer(): void;
  /** What is captured now, by the kind of track; of screens too. */
  live(): ('audio' | 'video')[];
  /** Ids of the open devices. */
  open(): string[];
}

declare global {
  interface Window {
    parleyDevices: DeviceHooks;
  }
}

/** Must not refer to anything outside itself: its source text is what reaches the page. */
export function installDeviceHooks(): void {
  const media = navigator.mediaDevices;
  if (!media) return;
  const gone = new Set<string>();
  const used = new Set<string>();
  const tracks = new Set<MediaStreamTrack>();
  const questions: (() => void)[] = [];
  const permissions = new Map<string, PermissionStatus>();
  let holding = false;
  const enumerate = media.enumerateDevices.bind(media);
  const openUser = media.getUserMedia.bind(media);
  const openDisplay = media.getDisplayMedia.bind(media);

  const question = () =>
    holding ? new Promise<void>((resolve) => questions.push(resolve)) : Promise.resolve();
  // Firefox does not deliver an event that a script dispatches on a track.
  const listeners = new Map<MediaStreamTrack, EventTarget>();
  const keep = (stream: MediaStream) => {
    for (const track of stream.getTracks()) {
      const target = new EventTarget();
      listeners.set(track, target);
      for (const method of ['addEventListener', 'removeEventListener'] as const) {
        const original = track[method].bind(track);
        track[method] = (...args: Parameters<MediaStreamTrack['addEventListener']>) => {
          target[method](...args);
          original(...args);
        };
      }
      tracks.add(track);
    }
    return stream;
  };
  const tell = (track: MediaStreamTrack, type: string) =>
    listeners.get(track)?.dispatchEvent(new Event(type));
  const statusOf = (name: string): PermissionStatus => {
    let status = permissions.get(name);
    if (!status) {
      status = Object.assign(new EventTarget(), { state: 'granted', name }) as PermissionStatus;
      permissions.set(name, status);
    }
    return status;
  };
  const plugged = async (kind: string) =>
    (await enumerate()).filter((device) => device.kind === kind && !gone.has(device.deviceId));

  async function choose(
    kind: 'audio' | 'video',
    wanted: MediaTrackConstraints | boolean,
  ): Promise<MediaTrackConstraints> {
    if (statusOf(kind === 'audio' ? 'microphone' : 'camera').state !== 'granted') {
      throw new DOMException('Permission denied', 'NotAllowedError');
    }
    const constraints = wanted === true ? {} : (wanted as MediaTrackConstraints);
    const ids = (await plugged(`${kind}input`)).map(({ deviceId }) => deviceId);
    const asked = constraints.deviceId as { exact?: string; ideal?: string } | undefined;
    if (ids.length === 0) throw new DOMException('Requested device not found', 'NotFoundError');
    if (asked?.exact !== undefined && !ids.includes(asked.exact)) {
      throw new OverconstrainedError('deviceId', '');
    }
    const ideal = asked?.ideal !== undefined && ids.includes(asked.ideal) ? asked.ideal : ids[0];
    const deviceId = asked?.exact ?? ideal ?? '';
    if (used.has(deviceId)) throw new DOMException('Device in use', 'NotReadableError');
    return { ...constraints, ...(deviceId && { deviceId: { exact: deviceId } }) };
  }

  Object.assign(media, {
    async enumerateDevices() {
      return (await enumerate()).filter(({ deviceId }) => !gone.has(deviceId));
    },
    async getUserMedia({ audio, video }: MediaStreamConstraints) {
      await question();
      return keep(
        await openUser({
          ...(audio && { audio: await choose('audio', audio) }),
          ...(video && { video: await choose('video', video) }),
        }),
      );
    },
    async getDisplayMedia(options: DisplayMediaStreamOptions) {
      await question();
      return keep(await openDisplay(options));
    },
  });
  navigator.permissions.query = async ({ name }) => statusOf(name);
  const changed = () => media.dispatchEvent(new Event('devicechange'));
  const end = (track: MediaStreamTrack) => {
    if (track.readyState === 'ended') return;
    track.stop();
    tell(track, 'ended');
  };
  const isOpen = (track: MediaStreamTrack) => track.readyState === 'live';

  window.parleyDevices = {
    async plugged(kind) {
      return (await plugged(kind)).map(({ deviceId }) => deviceId);
    },
    unplug(deviceId) {
      gone.add(deviceId);
      for (const track of tracks) if (track.getSettings().deviceId === deviceId) end(track);
      changed();
    },
    plug(deviceId) {
      gone.delete(deviceId);
      changed();
    },
    occupy(deviceId, isUsed = true) {
      if (isUsed) used.add(deviceId);
      else used.delete(deviceId);
    },
    mute(kind, muted) {
      for (const track of tracks) {
        if (track.kind !== kind || !isOpen(track)) continue;
        Object.defineProperty(track, 'muted', { value: muted, configurable: true });
        tell(track, muted ? 'mute' : 'unmute');
      }
    },
    permit(name, state) {
      const status = statusOf(name);
      Object.assign(status, { state });
      if (state !== 'granted') {
        for (const track of tracks) {
          if (track.kind === (name === 'camera' ? 'video' : 'audio')) end(track);
        }
      }
      status.dispatchEvent(new Event('change'));
    },
    hold() {
      holding = true;
    },
    held: () => questions.length,
    answer() {
      holding = false;
      for (const resolve of questions.splice(0)) resolve();
    },
    live: () => [...tracks].filter(isOpen).map(({ kind }) => kind as 'audio' | 'video'),
    open: () => [...tracks].filter(isOpen).map((track) => track.getSettings().deviceId ?? ''),
  };
}
