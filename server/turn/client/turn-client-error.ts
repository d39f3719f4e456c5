// Why a TURN server, or a way through it, does not serve: causes an operator can act on.

export type ProbeFailure =
  /** The hostname has no address. */
  | 'unresolvable'
  /** The host answers that no program listens on the port. */
  | 'refused_connection'
  | 'timeout'
  /** The TLS handshake failed; most often the certificate. */
  | 'tls'
  /** The server rejects the credentials: another secret, an expiry in the past, another clock. */
  | 'unauthorized'
  /** The server, or this user's quota, has no space for one more allocation. */
  | 'quota'
  /** The server refuses this to us, or for this peer. */
  | 'forbidden'
  /** The server or this client does not support it. */
  | 'unsupported'
  /** The answer came from no TURN server, or from a broken one. */
  | 'protocol'
  /** The server serves, but what it relays does not come through. */
  | 'relay_blocked';

/** Its message is a sentence for an operator, without secrets. */
export class TurnError extends Error {
  override readonly name = 'TurnError';
  readonly failure: ProbeFailure;
  /** The number in the server's ERROR-CODE, if it sent one. */
  readonly code: number | undefined;

  constructor(
    failure: ProbeFailure,
    message: string,
    options: ErrorOptions & { code?: number } = {},
  ) {
    super(message, options);
    this.failure = failure;
    this.code = options.code;
  }
}

/** The error codes of RFC 8489 §14.8 and RFC 8656 §19, in words for the server's operator. */
const MEANINGS: Readonly<Record<number, readonly [ProbeFailure, string]>> = {
  300: ['unsupported', 'wants its clients to go to another server (ALTERNATE-SERVER)'],
  401: ['unauthorized', 'does not accept the credentials'],
  403: ['forbidden', 'forbids it'],
  440: ['unsupported', 'has no relay addresses of the family asked for'],
  441: ['unauthorized', 'does not accept the credentials for this allocation'],
  442: ['unsupported', 'does not relay UDP'],
  443: ['unsupported', 'does not relay between IPv4 and IPv6'],
  486: ['quota', 'has reached the number of allocations it grants to one user'],
  508: ['quota', 'has no relay port or capacity left'],
};

/** @param doing completes "…, when asked" */
export function refusal(code: number, reason: string, doing: string): TurnError {
  const [failure, meaning] = MEANINGS[code] ?? ['protocol', 'answers with an error'];
  const answer = reason === '' ? `${code}` : `${code} ${reason}`;
  return new TurnError(failure, `The TURN server ${meaning} when asked ${doing} (${answer}).`, {
    code,
  });
}
