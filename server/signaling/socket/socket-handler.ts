// The requests of one socket: it joins or resumes first, then it uses its session. Before, it may check its
// network.
import { ParleyError } from '../../../shared/errors.ts';
import { METHODS, type MethodParams } from '../../../shared/protocol/protocol.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Timer } from '../../telemetry/resources.ts';
import type { Budgets } from '../session/budgets.ts';
import { SESSION_METHODS } from '../session/methods.ts';
import type { Session } from '../session/session.ts';
import type { Connection, ConnectionHandler, Reply } from './connection.ts';
import { bind, handles } from './dispatch.ts';
import { CHECK_METHODS, type NetworkCheck } from './network-check.ts';
import { SocketChecks } from './socket-checks.ts';

/** Gives a socket its session. */
export interface SessionProvider {
  join(connection: Connection, params: MethodParams<'join'>): Promise<[Session, Reply]>;
  resume(connection: Connection, params: MethodParams<'resume'>): Promise<[Session, Reply]>;
  /** How long a socket may be in no call. */
  joinTimer(options: { checking: boolean }, onOver: () => void): Timer;
  networkCheck(): NetworkCheck;
  /** New budgets, for one socket. */
  budgets(): Budgets;
  forget(connection: Connection): void;
}

type SocketState =
  /** The socket has to join or resume before the deadline. */
  | { readonly name: 'waiting'; readonly deadline: Timer }
  /** A join or a resume is under way. */
  | { readonly name: 'entering'; readonly deadline: Timer }
  | { readonly name: 'joined'; readonly session: Session }
  /** A `leave` may still wait behind a slower request. */
  | { readonly name: 'closed'; readonly session: Session | undefined };

type Entry = (
  provider: SessionProvider,
  connection: Connection,
  params: unknown,
) => Promise<[Session, Reply]>;

const ENTRIES = {
  join: (provider, connection, params) =>
    provider.join(connection, understood(connection, parse(METHODS.join.params, params))),
  resume: (provider, connection, params) =>
    provider.resume(connection, understood(connection, parse(METHODS.resume.params, params))),
} satisfies Record<string, Entry>;

/** Its answer is sent so already. */
function understood<P extends { features?: string[] }>(connection: Connection, params: P): P {
  connection.understands(params.features ?? []);
  return params;
}

/** What one socket may do: join or resume first, the rest after. */
export class SocketHandler implements ConnectionHandler {
  readonly #provider: SessionProvider;
  readonly #connection: Connection;
  readonly #budgets: Budgets;
  readonly #checks: SocketChecks;
  #state: SocketState;

  constructor(provider: SessionProvider, connection: Connection) {
    this.#provider = provider;
    this.#connection = connection;
    this.#budgets = provider.budgets();
    this.#checks = new SocketChecks({
      create: () => provider.networkCheck(),
      address: connection.address,
      onStarted: () => this.#expectJoin({ checking: true }),
      onEnded: () => this.#expectJoin(),
    });
    this.#state = { name: 'waiting', deadline: this.#deadline({ checking: false }) };
  }

  async request(method: string, params: unknown): Promise<Reply> {
    if (!Object.hasOwn(METHODS, method)) throw new ParleyError('unknown_method');
    if (this.#state.name === 'joined' && this.#state.session.ended) this.#expectJoin();
    if (handles(ENTRIES, method)) return this.#enter(ENTRIES[method], params);
    if (handles(CHECK_METHODS, method)) {
      if (this.#state.name === 'joined') throw new ParleyError('already_joined');
      return { result: await this.#checks.request(method, params) };
    }
    const session = 'session' in this.#state ? this.#state.session : undefined;
    if (!session || session.ended) throw new ParleyError('not_joined');
    if (!handles(SESSION_METHODS, method)) throw new ParleyError('unknown_method');
    const run = bind(SESSION_METHODS, method, params);
    session.budgets.spend(method);
    const result = await run(session);
    if (session.ended) this.#expectJoin();
    return { result, afterwards: () => session.queue.answered() };
  }

  pong(): object {
    const session = this.#state.name === 'joined' ? this.#state.session : undefined;
    return session?.roomSize ?? {};
  }

  closed(): void {
    const state = this.#state;
    const session = state.name === 'joined' ? state.session : undefined;
    this.#state = { name: 'closed', session };
    if ('deadline' in state) state.deadline.close();
    this.#checks.close();
    this.#provider.forget(this.#connection);
    session?.detach(this.#connection);
  }

  async #enter(entry: Entry, params: unknown): Promise<Reply> {
    if (this.#state.name !== 'waiting') throw new ParleyError('already_joined');
    this.#connection.address.arrive();
    this.#budgets.enter();
    this.#state = { ...this.#state, name: 'entering' };
    try {
      const [session, reply] = await entry(this.#provider, this.#connection, params);
      this.#entered(session);
      return reply;
    } catch (error) {
      if (this.#state.name === 'entering') this.#state = { ...this.#state, name: 'waiting' };
      throw error;
    }
  }

  #entered(session: Session): void {
    if (this.#state.name === 'entering') this.#state.deadline.close();
    this.#state = { name: this.#state.name === 'closed' ? 'closed' : 'joined', session };
    this.#checks.close();
    // The socket may have closed meanwhile.
    if (this.#connection.closed) session.detach(this.#connection);
  }

  /** An idle socket costs as much as a used one: before a join, and after a leave. */
  #expectJoin({ checking } = { checking: false }): void {
    const state = this.#state;
    if (state.name === 'closed') return;
    const deadline = this.#deadline({ checking });
    if (state.name !== 'joined') state.deadline.close();
    this.#state = { name: state.name === 'entering' ? 'entering' : 'waiting', deadline };
  }

  #deadline({ checking }: { checking: boolean }): Timer {
    return this.#provider.joinTimer({ checking }, () => {
      // A join that is under way is not late: what it waits for has time limits of its own.
      if (this.#state.name === 'entering') this.#expectJoin();
      else this.#connection.end(new ParleyError('timeout'), { reconnect: false });
    });
  }
}
