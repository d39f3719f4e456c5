// Signs requests: AWS Signature Version 4, as S3 has it. Pure.
import { createHash, createHmac } from 'node:crypto';
import type { Credentials } from './credentials.ts';

export interface ToSign {
  method: string;
  /** Encoded, from its first slash on. */
  path: string;
  query: Readonly<Record<string, string>>;
  /** Names in lower case, with `host`. All of them are signed. */
  headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, in hex. */
  payloadHash: string;
  credentials: Credentials;
  region: string;
  /** UTC milliseconds, by the clock of the store. */
  at: number;
}

/** @returns all headers, the signature among them */
export function signed(request: ToSign): Record<string, string> {
  const { credentials, region, at } = request;
  // "20261128T184512Z"
  const time = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': time,
    'x-amz-content-sha256': request.payloadHash,
    ...(credentials.sessionToken !== undefined && {
      'x-amz-security-token': credentials.sessionToken,
    }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    request.path,
    queryText(request.query),
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    request.payloadHash,
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [time.slice(0, 8), region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (above, part) => hmac(above, part),
    `AWS4${credentials.secretKey}`,
  );
  const signature = hmac(key, text).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** As it is signed, and as it is sent: sorted by name. */
export function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** A key as it stands in an address. */
export function encodedKey(key: string): string {
  return key.split('/').map(encoded).join('/');
}

/** RFC 3986: everything but letters, digits and - _ . ~ */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
