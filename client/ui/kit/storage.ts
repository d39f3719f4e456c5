// Data that the page keeps between visits, in a browser that may refuse to store it.

export interface DeviceChoice {
  microphone?: string;
  camera?: string;
  speaker?: string;
}

export const remembered = {
  name: entry('parley.name'),
  /** Device ids. Browsers give each site ids of its own. */
  devices: {
    get: (): DeviceChoice => readChoice(read(() => localStorage, 'parley.devices')),
    set: (choice: DeviceChoice): void =>
      write(() => localStorage, 'parley.devices', JSON.stringify(choice)),
  },
  microphoneOff: entry('parley.microphone-off'),
  cameraOff: entry('parley.camera-off'),
  shortcutsOff: entry('parley.shortcuts-off'),
  /** Only as long as the tab lives: a token is a secret. */
  token: (room: string) => entry(`parley.token:${room}`, () => sessionStorage),
} as const;

interface Entry {
  get(): string;
  /** '' forgets it. */
  set(value: string): void;
}

function entry(key: string, storage: () => Storage = () => localStorage): Entry {
  return {
    get: () => read(storage, key) ?? '',
    set: (value) => write(storage, key, value),
  };
}

function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, key: string, value: string): void {
  try {
    if (value === '') storage().removeItem(key);
    else storage().setItem(key, value);
  } catch {
    // Private windows and full disks: the page works, but does not remember.
  }
}

function readChoice(json: string | null): DeviceChoice {
  try {
    const { microphone, camera, speaker } = JSON.parse(json ?? '{}') as Record<string, unknown>;
    return {
      ...(typeof microphone === 'string' ? { microphone } : {}),
      ...(typeof camera === 'string' ? { camera } : {}),
      ...(typeof speaker === 'string' ? { speaker } : {}),
    };
  } catch {
    return {};
  }
}
