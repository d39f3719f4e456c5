// From the variables of the environment, under any of their names, to one description of the bucket.
import type { Config } from '../../../config/config.ts';

export interface S3Settings {
  /** Scheme, host and port; a path where the store is below one. No slash at the end. */
  endpoint: string;
  region: string;
  bucket: string;
  /** The bucket stands in the path, not in the host. */
  pathStyle: boolean;
  credentials: { accessKey: string; secretKey: string; sessionToken?: string } | { file: string };
  encryption: { kind: 'none' | 'aes256' } | { kind: 'kms'; keyId: string | undefined };
  /** A request without progress is given up after this. Milliseconds. */
  timeoutMs: number;
  /** What all keys of recordings begin with: a folder with its slash, or ''. */
  base: string;
}

const AMAZON = /(^|\.)amazonaws\.com(\.cn)?$/;

/**
 * @returns undefined when no bucket is named
 * @throws Error with a sentence for the operator
 */
export function s3Settings(
  config: Pick<Config, 's3' | 's3Aliases' | 'recording'>,
): S3Settings | undefined {
  const { s3, s3Aliases: other } = config;
  const bucket = s3.bucket ?? other.bucket;
  if (bucket === undefined) return undefined;
  const region = s3.region ?? other.region ?? 'us-east-1';
  const named = s3.endpoint ?? other.endpointS3 ?? other.endpoint;
  const endpoint = endpointOf(named ?? `https://s3.${region}.amazonaws.com`, s3.useSsl);
  const isAmazon = AMAZON.test(endpoint.hostname);
  // Amazon's certificates are for one name below its own, so not for a bucket with a dot.
  const pathStyle = s3.pathStyle ?? other.pathStyle ?? (!isAmazon || bucket.includes('.'));
  return {
    endpoint: `${endpoint.protocol}//${endpoint.host}${endpoint.pathname.replace(/\/+$/, '')}`,
    ...{ region, bucket, pathStyle },
    credentials: credentialsOf(config),
    encryption:
      s3.encryption === 'kms' ? { kind: 'kms', keyId: s3.encryptionKey } : { kind: s3.encryption },
    timeoutMs: s3.timeoutMs,
    base: /^[^{]*\//.exec(config.recording.keyTemplate)?.[0] ?? '',
  };
}

function endpointOf(text: string, useSsl: boolean | undefined): URL {
  const hasScheme = /^https?:\/\//i.test(text);
  const url = hasScheme ? text : `https://${text}`;
  if (!URL.canParse(url) || (text.includes('://') && !hasScheme)) {
    throw new Error(
      `S3_ENDPOINT must be a host with a port, such as minio:9000, or a URL such as https://storage.example.org; ${JSON.stringify(text.slice(0, 100))} is not.`,
    );
  }
  const endpoint = new URL(url);
  if (endpoint.username !== '' || endpoint.password !== '' || endpoint.search !== '') {
    throw new Error(
      'S3_ENDPOINT must not hold a user, a password or a query: keys belong in S3_ACCESS_KEY and S3_SECRET_KEY.',
    );
  }
  // A port that stands there stays, 443 and 80 included: they are no part of what is signed only where they are usual.
  if (useSsl === undefined || endpoint.protocol === (useSsl ? 'https:' : 'http:')) return endpoint;
  return new URL(url.replace(/^https?:/i, useSsl ? 'https:' : 'http:'));
}

function credentialsOf({
  s3,
  s3Aliases: other,
}: Pick<Config, 's3' | 's3Aliases'>): S3Settings['credentials'] {
  if (s3.credentialsFile !== undefined) return { file: s3.credentialsFile };
  const accessKey = s3.accessKey ?? other.accessKey;
  const secretKey = s3.secretKey ?? other.secretKey;
  if (accessKey === undefined || secretKey === undefined) {
    throw new Error(
      'S3_BUCKET is set, but not its keys: set S3_ACCESS_KEY and S3_SECRET_KEY, or S3_CREDENTIALS_FILE.',
    );
  }
  const { sessionToken } = other;
  return { accessKey, secretKey, ...(sessionToken !== undefined && { sessionToken }) };
}
