// Parses the form for a new TURN server: the server to add, or the fields that are missing. Pure.
import { fitsField, TURN_SERVER_WORDS as WORDS } from '../../../../shared/api/turn-server.ts';
import type { NewServer } from '../admin-api.ts';

export interface ServerFields {
  id: string;
  /** One URL in each line. */
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
  const wrong = urls.find((url) => !fitsField('urls', [url]));
  if (wrong !== undefined) {
    return { field: 'urls', problem: `“${wrong}” does not fit: it has to be ${WORDS.url}.` };
  }
  if (urls.length === 0) return { field: 'urls', problem: 'Give at least one address.' };
  if (!fitsField('urls', urls)) return { field: 'urls', problem: `Give ${WORDS.urls}.` };
  const id = fields.id.trim();
  const region = fields.region.trim();
  const metricsUrl = fields.metricsUrl.trim();
  const weight = numberOf(fields.weight);
  const capacity = numberOf(fields.capacity);
  const optional = { id, region, weight, capacity, metricsUrl };
  for (const field of OPTIONAL) {
    const value = optional[field];
    if (value === undefined || value === '' || fitsField(field, value)) continue;
    return { field, problem: `It has to be ${WORDS[field]}.` };
  }
  const { auth, secret, username, password } = fields;
  if (auth === 'secret' && secret === '') {
    return { field: 'secret', problem: 'Give the secret that the server shares with Parley.' };
  }
  if (auth === 'static' && username === '') return { field: 'username', problem: 'Give the user.' };
  if (auth === 'static' && password === '') {
    return { field: 'password', problem: 'Give the password.' };
  }
  const wrongCredential = (auth === 'secret' ? (['secret'] as const) : USER).find(
    (field) => !fitsField(field, fields[field]),
  );
  if (wrongCredential !== undefined) {
    return { field: wrongCredential, problem: `It has to be ${WORDS[wrongCredential]}.` };
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

const USER = ['username', 'password'] as const;
const OPTIONAL = ['id', 'region', 'weight', 'capacity', 'metricsUrl'] as const;

/** @returns undefined for an empty value, NaN for one that is no number */
function numberOf(value: string): number | undefined {
  return value.trim() === '' ? undefined : Number(value);
}
