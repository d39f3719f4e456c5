// Why a TURN server, or a way through it, does not serve: causes an operator can act on.

export type ProbeFailure =
  /** The hostname has no address. */
  | 'unresolvable'
  /** The host answers that no program listens on the port. */
  | 'refused_connection'
  | 'timeout'
  /** The TLS handshake failed; most often the certificate. */
  | 'tls'
  /** It refuses the credentials: another secret, an expiry that is over, another clock. */
  | 'unauthorized'
  /** A quota is used up: the server's, or this user's. */
  | 'quota'
  /** The server forbids this to us, or towards this peer. */
  | 'forbidden'
  /** The server cannot do this, or we cannot. */
  | 'unsupported'
  /** No TURN server answers there, or a broken one. */
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

/** The error codes of RFC 8489 §14.8 and RFC 8656 §19, in words for the operator. */
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
  const shown = reason === '' ? `${code}` : `${code} ${reason}`;
  return new TurnError(failure, `The TURN server ${meaning} when asked ${doing} (${shown}).`, {
    code,
  });
}
