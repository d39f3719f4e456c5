// Requests to a TURN server, signed with long-term credentials after its challenge (RFC 8489 §9.2).
import {
  ATTRIBUTE,
  encodeStun,
  errorOf,
  hasIntegrity,
  longTermKey,
  type StunMessage,
  textOf,
} from './stun-message.ts';
import { refusal, TurnError } from './turn-client-error.ts';
import type { Answer, Transactions } from './turn-client-transactions.ts';

/** From the server; sent back with each request. */
interface Challenge {
  realm: string;
  nonce: Buffer;
  key: Buffer;
}

export type Attributes = readonly (readonly [type: number, value: Buffer])[];

/** Servers change the nonce from time to time, not with every request. */
const MAX_CHALLENGES = 3;
/** RFC 8489 §14.3, §14.9, §14.10, in bytes. Longer ones need not fit into a request. */
const MAX_USERNAME_BYTES = 508;
const MAX_CHALLENGE_BYTES = 763;

export class SignedRequests {
  readonly #transactions: Transactions;
  readonly #credentials: { username: string; credential: string };
  #challenge: Challenge | undefined;

  constructor(transactions: Transactions, credentials: { username: string; credential: string }) {
    this.#transactions = transactions;
    this.#credentials = credentials;
  }

  /**
   * @param doing completes "when asked …"
   * @param deadline by `performance.now()`
   * @throws TurnError
   */
  async request(
    method: number,
    doing: string,
    deadline: number,
    attributes: (transactionId: Buffer) => Attributes,
  ): Promise<Answer> {
    for (let challenges = 0; ; challenges++) {
      const challenge = this.#challenge;
      const answer = await this.#transactions.request({
        encode: (transactionId) =>
          encodeStun({
            method,
            class: 'request',
            transactionId,
            attributes: [...attributes(transactionId), ...this.#signature(challenge)],
            key: challenge?.key,
            fingerprint: true,
          }),
        accepts: (message) =>
          message.method === method &&
          (message.class === 'error' || !challenge || hasIntegrity(message, challenge.key)),
        timeoutMs: Math.max(1, deadline - performance.now()),
      });
      if (answer.message.class === 'success') return answer;
      const { code, reason } = errorOf(answer.message) ?? { code: 0, reason: '' };
      const isChallenge = (code === 401 && !challenge) || code === 438;
      if (!isChallenge || challenges === MAX_CHALLENGES) throw refusal(code, reason, doing);
      this.#challenge = this.#challengeIn(answer.message);
    }
  }

  /** Whether the server has sent a challenge: requests are signed. */
  get isChallenged(): boolean {
    return this.#challenge !== undefined;
  }

  /** Fails what is under way. */
  close(reason: TurnError): void {
    this.#transactions.close(reason);
  }

  #challengeIn(message: StunMessage): Challenge {
    const { username, credential } = this.#credentials;
    const nonce = message.attributes.get(ATTRIBUTE.nonce);
    const realm = textOf(message, ATTRIBUTE.realm) ?? this.#challenge?.realm;
    if (realm === undefined || !nonce) {
      throw new TurnError('protocol', 'The TURN server asks for credentials without saying which.');
    }
    if (Math.max(nonce.length, Buffer.byteLength(realm)) > MAX_CHALLENGE_BYTES) {
      throw new TurnError('protocol', 'The TURN server sends a realm or nonce that is too long.');
    }
    if (Buffer.byteLength(username) > MAX_USERNAME_BYTES) {
      throw new TurnError('unsupported', 'The username is longer than TURN allows.');
    }
    return { realm, nonce: Buffer.from(nonce), key: longTermKey(username, realm, credential) };
  }

  #signature(challenge: Challenge | undefined): Attributes {
    if (!challenge) return [];
    return [
      [ATTRIBUTE.username, Buffer.from(this.#credentials.username)],
      [ATTRIBUTE.realm, Buffer.from(challenge.realm)],
      [ATTRIBUTE.nonce, challenge.nonce],
    ];
  }
}
