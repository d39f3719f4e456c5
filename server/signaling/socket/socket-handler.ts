// One socket's requests: it joins or resumes first, and speaks for its session then. Before, it may
// check its network.
import { ParleyError } from '../../../shared/errors.ts';
import { METHODS, type MethodParams } from '../../../shared/protocol/protocol.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Timer } from '../../telemetry/resources.ts';
import type { Budgets } from '../session/budgets.ts';
import { SESSION_METHODS } from '../session/methods.ts';
import type { Session } from '../session/session.ts';
import type { Connection, ConnectionHandler, Reply } from './connection.ts';
import type { NetworkCheck } from './network-check.ts';
import { isCheckMethod, SocketChecks } from './socket-checks.ts';

/** Where a socket gets its session. */
export interface Door {
  join(connection: Connection, params: MethodParams<'join'>): Promise<[Session, Reply]>;
  resume(connection: Connection, params: MethodParams<'resume'>): Promise<[Session, Reply]>;
  /** How long a socket may be in no call. */
  joinTimer(options: { checking: boolean }, onOver: () => void): Timer;
  networkCheck(): NetworkCheck;
  /** Of a socket. */
  budgets(): Budgets;
  forget(connection: Connection): void;
}

type Handler<C> = (context: C, params: unknown) => Promise<unknown>;

type SocketState =
  | { readonly is: 'outside' }
  /** Its join or resume is under way. */
  | { readonly is: 'entering' }
  /** The session may have ended since: then it is outside again. */
  | { readonly is: 'inside'; readonly session: Session };

const ENTRANCES = {
  join: (door, connection, params) => door.join(connection, parse(METHODS.join.params, params)),
  resume: (door, connection, params) =>
    door.resume(connection, parse(METHODS.resume.params, params)),
} as const satisfies Record<
  string,
  (door: Door, connection: Connection, params: unknown) => Promise<[Session, Reply]>
>;
type Entrance = keyof typeof ENTRANCES;

function isEntrance(method: string): method is Entrance {
  return Object.hasOwn(ENTRANCES, method);
}

export class SocketHandler implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #door: Door;
  readonly #budgets: Budgets;
  readonly #checks: SocketChecks;
  #state: SocketState = { is: 'outside' };
  #joinTimer: Timer | undefined;

  constructor(connection: Connection, door: Door) {
    this.#connection = connection;
    this.#door = door;
    this.#budgets = door.budgets();
    this.#checks = new SocketChecks({
      address: connection.address,
      networkCheck: () => door.networkCheck(),
      onChange: (change) => this.#expectJoin(change),
    });
    this.#expectJoin();
  }

  async request(method: string, params: unknown): Promise<Reply> {
    if (!Object.hasOwn(METHODS, method)) throw new ParleyError('unknown_method');
    if (isEntrance(method)) return this.#enter(method, params);
    const session = this.#session;
    if (isCheckMethod(method)) {
      if (session) throw new ParleyError('already_joined');
      return { result: await this.#checks.request(method, params) };
    }
    if (!session) throw new ParleyError('not_joined');
    const name = method as keyof typeof SESSION_METHODS;
    // The table pairs each handler with its own schema, which the compiler cannot follow here.
    const handler = SESSION_METHODS[name] as Handler<Session>;
    const parsed = parse(METHODS[name].params, params);
    session.budgets.spend(name);
    const result = await handler(session, parsed);
    if (session.ended) this.#expectJoin();
    return { result };
  }

  closed(): void {
    this.#joinTimer?.close();
    this.#checks.end();
    this.#door.forget(this.#connection);
    if (this.#state.is === 'inside') this.#state.session.detach(this.#connection);
  }

  /** The session that it speaks for, as long as there is one. */
  get #session(): Session | undefined {
    return this.#state.is === 'inside' && !this.#state.session.ended
      ? this.#state.session
      : undefined;
  }

  /** An idle socket costs as much as a used one: before a join, and after a leave. */
  #expectJoin({ checking } = { checking: false }): void {
    if (this.#connection.closed) return;
    this.#joinTimer?.close();
    this.#joinTimer = this.#door.joinTimer({ checking }, () => {
      // A join that is under way is not late: what it waits for has time limits of its own.
      if (this.#state.is === 'entering') this.#expectJoin();
      else this.#connection.end(new ParleyError('timeout'), { reconnect: false });
    });
  }

  async #enter(entrance: Entrance, params: unknown): Promise<Reply> {
    if (this.#session) throw new ParleyError('already_joined');
    const connection = this.#connection;
    connection.address.arrive();
    this.#budgets.enter();
    this.#state = { is: 'entering' };
    try {
      const [session, reply] = await ENTRANCES[entrance](this.#door, connection, params);
      this.#state = { is: 'inside', session };
      this.#joinTimer?.close();
      this.#checks.end();
      // The socket may have closed meanwhile. Then nobody has the secret of a join, and it ends.
      if (connection.closed) session.detach(connection);
      return reply;
    } catch (error) {
      this.#state = { is: 'outside' };
      throw error;
    }
  }
}
