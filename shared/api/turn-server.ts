// A TURN server as an operator describes it: each field's bounds and the words for them, written once
// for TURN_POOL, the API, `parley turn add` and the form of /admin.
import * as v from 'valibot';
import { LIMITS } from '../protocol/limits.ts';

const URLS_MOST = 8;
const WEIGHT = { least: 0.01, most: 1_000 };
const TTL_SECONDS = { least: 10, most: 604_800 };
const SECRET_LENGTH = 512;

/** The rule for each field, to follow "it has to be". */
export const TURN_SERVER_WORDS = {
  /** It appears in addresses and labels: letters, digits and the characters of a host with a port. */
  id: 'a name of 1 to 128 letters, digits and . _ : [ ] -, beginning with a letter or digit',
  url: `an address like turn:turn.example.org:3478?transport=udp, of at most ${LIMITS.urlLength} characters`,
  urls: `1 to ${URLS_MOST} addresses of one server`,
  region: 'a name of 1 to 64 characters without spaces',
  weight: `a number from ${WEIGHT.least} to ${WEIGHT.most}`,
  capacity: 'a whole number of allocations from 1 up',
  metricsUrl: `an address like http://turn.example.org:9641/metrics, of at most ${LIMITS.urlLength} characters`,
  secret: `one line of 1 to ${SECRET_LENGTH} characters`,
  username: `a name of 1 to ${SECRET_LENGTH} characters`,
  password: `one line of 1 to ${SECRET_LENGTH} characters`,
  ttlSeconds: `a whole number of seconds from ${TTL_SECONDS.least} to ${TTL_SECONDS.most}`,
} as const;

/** The sentence of a schema for a field that does not fit. */
const message = (field: keyof typeof TURN_SERVER_WORDS) =>
  `it has to be ${TURN_SERVER_WORDS[field]}`;

const credential = (field: 'secret' | 'username' | 'password') =>
  v.pipe(v.string(), v.minLength(1, message(field)), v.maxLength(SECRET_LENGTH, message(field)));

export const TURN_SERVER_FIELDS = {
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._:[\]-]{0,127}$/, message('id'))),
  urls: v.pipe(
    v.array(
      v.pipe(
        v.string(),
        v.maxLength(LIMITS.urlLength, message('url')),
        v.regex(/^turns?:[^\s]+$/, message('url')),
      ),
    ),
    v.minLength(1, message('urls')),
    v.maxLength(URLS_MOST, message('urls')),
  ),
  region: v.pipe(v.string(), v.regex(/^\S{1,64}$/, message('region'))),
  /** Share of the sessions, compared with the others. */
  weight: v.pipe(
    v.number(message('weight')),
    v.minValue(WEIGHT.least, message('weight')),
    v.maxValue(WEIGHT.most, message('weight')),
  ),
  /** Allocations that the server takes at most (coturn: `total-quota`). */
  capacity: v.pipe(
    v.number(message('capacity')),
    v.integer(message('capacity')),
    v.minValue(1, message('capacity')),
  ),
  /** Its Prometheus endpoint (coturn: `--prometheus`), where its load is read. */
  metricsUrl: v.pipe(
    v.string(),
    v.maxLength(LIMITS.urlLength, message('metricsUrl')),
    v.regex(/^https?:\/\/\S+$/, message('metricsUrl')),
  ),
  secret: credential('secret'),
  username: credential('username'),
  password: credential('password'),
  /** How long minted credentials live. */
  ttlSeconds: v.pipe(
    v.number(message('ttlSeconds')),
    v.integer(message('ttlSeconds')),
    v.minValue(TTL_SECONDS.least, message('ttlSeconds')),
    v.maxValue(TTL_SECONDS.most, message('ttlSeconds')),
  ),
} as const;

/** Whether a field may have this value. */
export function fitsField(field: keyof typeof TURN_SERVER_FIELDS, value: unknown): boolean {
  return v.is(TURN_SERVER_FIELDS[field], value);
}
