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
import type { CheckMethod, NetworkCheck } from './network-check.ts';

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

function isCheckMethod(method: string): method is CheckMethod {
  return method === 'checkNetwork' || method === 'checkConnect' || method === 'checkEnd';
}

/**
 * Each gives the socket more time before it has to join, and takes one of the node's few checks: whoever
 * asks again and again would keep both for ever. A page opens a socket for each check.
 */
const CHECKS_PER_SOCKET = 3;

/** What one socket may do: join or resume first, the rest after. */
export class SocketHandler implements ConnectionHandler {
  readonly #sessions: Door;
  readonly #budgets: Budgets;
  connection: Connection | undefined;
  #joinTimer: Timer | undefined;
  #session: Session | undefined;
  #check: NetworkCheck | undefined;
  #checks = 0;
  #checking = false;
  /** Ends what the check takes of its address's. */
  #checkHeld: (() => void) | undefined;
  #entering = false;

  constructor(sessions: Door) {
    this.#sessions = sessions;
    this.#budgets = sessions.budgets();
  }

  /** An idle socket costs as much as a used one: before a join, and after a leave. */
  expectJoin({ checking } = { checking: false }): void {
    if (!this.connection || this.connection.closed) return;
    this.#joinTimer?.close();
    this.#joinTimer = this.#sessions.joinTimer({ checking }, () => {
      // Whoever is on the way in is not late: what a join waits for has time limits of its own.
      if (this.#entering) this.expectJoin();
      else this.connection?.end(new ParleyError('timeout'), { reconnect: false });
    });
  }

  async request(method: string, params: unknown): Promise<Reply> {
    if (!Object.hasOwn(METHODS, method)) throw new ParleyError('unknown_method');
    if (method === 'join' || method === 'resume') return this.#enter(method, params);
    if (isCheckMethod(method)) return this.#checkNetwork(method, params);
    if (!this.#session || this.#session.ended) throw new ParleyError('not_joined');
    const name = method as keyof typeof SESSION_METHODS;
    // The table pairs each handler with its own schema, which the compiler cannot follow here.
    const handler = SESSION_METHODS[name] as Handler<Session>;
    const parsed = parse(METHODS[name].params, params);
    this.#session.budgets.spend(name);
    const result = await handler(this.#session, parsed);
    if (this.#session.ended) this.expectJoin();
    return { result };
  }

  async #enter(method: 'join' | 'resume', params: unknown): Promise<Reply> {
    if (this.#session && !this.#session.ended) throw new ParleyError('already_joined');
    const connection = this.connection;
    if (!connection) throw new ParleyError('internal');
    connection.address.arrive();
    this.#budgets.enter();
    const [session, reply] = await this.#admit(connection, method, params);
    this.#joinTimer?.close();
    this.#endCheck();
    this.#session = session;
    // The socket may have closed meanwhile.
    if (connection.closed) session.detach(connection);
    return reply;
  }

  async #admit(
    connection: Connection,
    method: 'join' | 'resume',
    params: unknown,
  ): Promise<[Session, Reply]> {
    this.#entering = true;
    try {
      return method === 'join'
        ? await this.#sessions.join(connection, parse(METHODS.join.params, params))
        : await this.#sessions.resume(connection, parse(METHODS.resume.params, params));
    } finally {
      this.#entering = false;
    }
  }

  /** It takes longer than a join may, and is over when the time for it is. */
  async #checkNetwork(method: CheckMethod, params: unknown): Promise<Reply> {
    if (this.#session && !this.#session.ended) throw new ParleyError('already_joined');
    this.#check ??= this.#sessions.networkCheck();
    const handler = this.#check.methods[method] as Handler<null>;
    const parsed = parse(METHODS[method].params, params);
    if (method === 'checkNetwork' && this.#checks >= CHECKS_PER_SOCKET) {
      throw new ParleyError('rate_limited');
    }
    if (method === 'checkNetwork') this.#checkHeld ??= this.connection?.address.holdCheck();
    const result = await handler(null, parsed);
    if (method === 'checkNetwork') {
      this.#checks += 1;
      this.#checking = true;
      this.expectJoin({ checking: true });
    } else if (method === 'checkEnd' && this.#checking) {
      this.#checking = false;
      this.#letGoOfCheck();
      this.expectJoin();
    }
    // The socket may have closed while we were at it.
    if (this.connection?.closed) this.#endCheck();
    return { result };
  }

  #endCheck(): void {
    this.#check?.close();
    this.#check = undefined;
    this.#letGoOfCheck();
  }

  #letGoOfCheck(): void {
    this.#checkHeld?.();
    this.#checkHeld = undefined;
  }

  closed(): void {
    this.#joinTimer?.close();
    this.#endCheck();
    if (!this.connection) return;
    this.#sessions.forget(this.connection);
    this.#session?.detach(this.connection);
  }
}
