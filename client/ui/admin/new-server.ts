// What the form for a new TURN server means: the server to add, or what is missing. Pure.
import type { NewServer } from './admin-api.ts';

export interface ServerFields {
  id: string;
  /** One in each line. */
  urls: string;
  region: string;
  weight: string;
  capacity: string;
  metricsUrl: string;
  auth: 'secret' | 'static';
  secret: string;
  username: string;
  password: string;
}

export const NO_SERVER: ServerFields = {
  id: '',
  urls: '',
  region: '',
  weight: '',
  capacity: '',
  metricsUrl: '',
  auth: 'secret',
  secret: '',
  username: '',
  password: '',
};

export type Filled = { server: NewServer } | { field: keyof ServerFields; problem: string };

export function serverOf(fields: ServerFields): Filled {
  const urls = fields.urls.split(/[\s,]+/).filter(Boolean);
  const wrong = urls.find((url) => !/^turns?:\S+$/.test(url));
  if (urls.length === 0) return { field: 'urls', problem: 'Give at least one address.' };
  if (wrong !== undefined) {
    return {
      field: 'urls',
      problem: `“${wrong}” is no address like turn:turn.example.org:3478?transport=udp.`,
    };
  }
  const weight = numberOf(fields.weight);
  if (weight !== undefined && !(weight > 0)) {
    return { field: 'weight', problem: 'The weight is a number above 0.' };
  }
  const capacity = numberOf(fields.capacity);
  if (capacity !== undefined && !(Number.isInteger(capacity) && capacity > 0)) {
    return { field: 'capacity', problem: 'The capacity is a whole number of allocations.' };
  }
  const { auth, secret, username, password } = fields;
  if (auth === 'secret' && secret === '') {
    return { field: 'secret', problem: 'Give the secret that the server shares with Parley.' };
  }
  if (auth === 'static' && username === '') return { field: 'username', problem: 'Give the user.' };
  if (auth === 'static' && password === '') {
    return { field: 'password', problem: 'Give the password.' };
  }
  return {
    server: {
      urls,
      ...text('id', fields.id),
      ...text('region', fields.region),
      ...text('metricsUrl', fields.metricsUrl),
      ...(weight !== undefined && { weight }),
      ...(capacity !== undefined && { capacity }),
      ...(auth === 'secret' ? { secret } : { username, password }),
    },
  };
}

function text<K extends string>(key: K, value: string): { [P in K]?: string } {
  const trimmed = value.trim();
  return trimmed === '' ? {} : ({ [key]: trimmed } as { [P in K]?: string });
}

/** @returns undefined where nothing was given, NaN where it is no number */
function numberOf(value: string): number | undefined {
  return value.trim() === '' ? undefined : Number(value);
}
