// What the form for a new TURN server means: the server to add, or what is missing. Pure.
import { LIMITS } from '../../../../shared/protocol/limits.ts';
import type { NewServer } from '../admin-api.ts';

/** The server has the same limits, in its schema of a TURN server. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:[\]-]{0,127}$/;
const REGION = /^\S{1,64}$/;
const METRICS_URL = /^https?:\/\/\S+$/;
const WEIGHT = { least: 0.01, most: 1_000 };

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
  const id = fields.id.trim();
  if (id !== '' && !ID.test(id)) {
    return {
      field: 'id',
      problem:
        'A name has 1 to 128 letters, digits and . _ : [ ] -, and begins with a letter or digit.',
    };
  }
  const region = fields.region.trim();
  if (region !== '' && !REGION.test(region)) {
    return { field: 'region', problem: 'A region has 1 to 64 characters and no spaces.' };
  }
  const weight = numberOf(fields.weight);
  if (weight !== undefined && !(weight >= WEIGHT.least && weight <= WEIGHT.most)) {
    return {
      field: 'weight',
      problem: `The weight is a number from ${WEIGHT.least} to ${WEIGHT.most}.`,
    };
  }
  const capacity = numberOf(fields.capacity);
  if (capacity !== undefined && !(Number.isInteger(capacity) && capacity > 0)) {
    return { field: 'capacity', problem: 'The capacity is a whole number of allocations.' };
  }
  const metricsUrl = fields.metricsUrl.trim();
  if (metricsUrl.length > LIMITS.urlLength) {
    return {
      field: 'metricsUrl',
      problem: `An address has at most ${LIMITS.urlLength} characters.`,
    };
  }
  if (metricsUrl !== '' && !METRICS_URL.test(metricsUrl)) {
    return {
      field: 'metricsUrl',
      problem: `“${metricsUrl}” is no address like http://turn.example.org:9641/metrics.`,
    };
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
      ...(id !== '' && { id }),
      ...(region !== '' && { region }),
      ...(metricsUrl !== '' && { metricsUrl }),
      ...(weight !== undefined && { weight }),
      ...(capacity !== undefined && { capacity }),
      ...(auth === 'secret' ? { secret } : { username, password }),
    },
  };
}

/** @returns undefined where nothing was given, NaN where it is no number */
function numberOf(value: string): number | undefined {
  return value.trim() === '' ? undefined : Number(value);
}
