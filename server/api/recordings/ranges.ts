// Which part of an object a request gets, by RFC 9110 (§13 conditions, §14 ranges). Pure.

export interface Representation {
  bytes: number;
  /** UTC milliseconds. */
  modifiedAt: number;
  /** Strong, with its quotes. */
  etag: string;
}

/** The headers of a request that matter here. */
export interface Conditions {
  range?: string | undefined;
  'if-range'?: string | undefined;
  'if-match'?: string | undefined;
  'if-none-match'?: string | undefined;
  'if-modified-since'?: string | undefined;
}

export type Part =
  | { status: 200 }
  /** First and last byte, both included. */
  | { status: 206; first: number; last: number }
  | { status: 304 | 412 | 416 };

/** @param method a HEAD gets the whole, as ranges are for GET alone (§14.2) */
export function partOf(method: string, asked: Conditions, object: Representation): Part {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = asked;
  if (ifMatch !== undefined && !names(ifMatch, object.etag)) return { status: 412 };
  if (ifNoneMatch !== undefined) {
    if (names(ifNoneMatch.replaceAll('W/"', '"'), object.etag)) return { status: 304 };
  } else if (isUnmodified(asked['if-modified-since'], object)) {
    return { status: 304 };
  }
  if (method !== 'GET' || asked.range === undefined) return { status: 200 };
  if (!isSameAs(asked['if-range'], object)) return { status: 200 };
  return rangeOf(asked.range, object.bytes);
}

/** What is not one well-formed range of bytes is ignored, as §14.2 has it. */
function rangeOf(header: string, bytes: number): Part {
  const [, from = '', to = ''] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header) ?? [];
  if (from === '' && to === '') return { status: 200 };
  if (from === '') {
    const length = Math.min(Number(to), bytes);
    return length === 0 ? { status: 416 } : { status: 206, first: bytes - length, last: bytes - 1 };
  }
  const first = Number(from);
  const last = to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (to !== '' && Number(to) < first) return { status: 200 };
  return first >= bytes ? { status: 416 } : { status: 206, first, last };
}

/** Whether a list of entity tags, or `*`, names this one. */
function names(list: string, etag: string): boolean {
  return list.split(',').some((each) => each.trim() === '*' || each.trim() === etag);
}

/** If-Range: an entity tag, or a date, that has to be exactly this object's. */
function isSameAs(condition: string | undefined, { etag, modifiedAt }: Representation): boolean {
  if (condition === undefined) return true;
  return condition.trim() === etag || condition.trim() === httpDate(modifiedAt);
}

function isUnmodified(since: string | undefined, { modifiedAt }: Representation): boolean {
  const at = since === undefined ? Number.NaN : Date.parse(since);
  return !Number.isNaN(at) && Math.floor(modifiedAt / 1_000) * 1_000 <= at;
}

/** IMF-fixdate. @param at UTC milliseconds */
export function httpDate(at: number): string {
  return new Date(at).toUTCString();
}
