// The operator of a running Parley: has its AUTH_TOKEN, makes invitations, maintains the TURN pool.
import assert from 'node:assert/strict';
import { TurnOverview, type TurnServerView } from '../../../shared/api/admin.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { until } from '../process/until.ts';
import type { Coturn } from '../turn/coturn.ts';

export const AUTH_TOKEN = 'an-auth-token-of-the-tests';

export interface Answer {
  status: number;
  text: string;
  /** The text as JSON; undefined when there is none. */
  answer: unknown;
}

export class Operator {
  readonly #url: string;

  /** @param url of `web`, with a slash at the end */
  constructor(url: string) {
    this.#url = url;
  }

  async ask(method: string, path: string, body?: unknown, token = AUTH_TOKEN): Promise<Answer> {
    const response = await fetch(new URL(path, this.#url), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, answer: text === '' ? undefined : JSON.parse(text) };
  }

  /** A token for one participant to enter a room. */
  async invite(room: string): Promise<{ token: string; url: string }> {
    const { status, answer } = await this.ask('POST', `/api/rooms/${room}/tokens`, {});
    assert.equal(status, 201);
    return answer as { token: string; url: string };
  }

  async add(coturn: Coturn): Promise<void> {
    const { status } = await this.ask('POST', '/api/turn', entryOf(coturn));
    assert.equal(status, 201);
  }

  async drain(coturn: Coturn, { move }: { move: boolean }): Promise<void> {
    const { status } = await this.ask('POST', `${pathOf(coturn)}/drain`, { move });
    assert.equal(status, 200);
  }

  async resume(coturn: Coturn): Promise<void> {
    assert.equal((await this.ask('POST', `${pathOf(coturn)}/resume`, {})).status, 200);
  }

  remove(coturn: Coturn): Promise<Answer> {
    return this.ask('DELETE', pathOf(coturn));
  }

  async overview(): Promise<TurnOverview> {
    return parse(TurnOverview, (await this.ask('GET', '/api/turn')).answer);
  }

  /** Waits until the pool shows a server in this state. */
  async shows(coturn: Coturn, state: TurnServerView['state']): Promise<TurnServerView> {
    return until(`${idOf(coturn)} to be shown as ${state}`, async () => {
      const { servers } = await this.overview();
      const found = servers.find(({ id }) => id === idOf(coturn));
      assert.equal(found?.state, state, JSON.stringify(servers, undefined, 1));
      return found as TurnServerView;
    });
  }
}

/** Its id in the pool. */
export function idOf({ address, port }: Coturn): string {
  return `${address}:${port}`;
}

/** As TURN_POOL and the API take it. */
export function entryOf({ address, port, env }: Coturn): { urls: string[]; secret: string } {
  return {
    urls: ['udp', 'tcp'].map((transport) => `turn:${address}:${port}?transport=${transport}`),
    secret: env.TURN_SHARED_SECRET ?? '',
  };
}

function pathOf(coturn: Coturn): string {
  return `/api/turn/${encodeURIComponent(idOf(coturn))}`;
}
