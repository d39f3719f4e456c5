// The requests of one socket: it joins or resumes first, then it uses its session. Before, it may check its
// network.
import { ParleyError } from '../../../shared/errors.ts';
import { eventFrame, METHODS, type MethodParams } from '../../../shared/protocol/protocol.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Timer } from '../../telemetry/resources.ts';
import type { PreparedMedia } from '../media/media-client.ts';
import type { Budgets } from '../session/budgets.ts';
import { SESSION_METHODS } from '../session/methods.ts';
import type { Session } from '../session/session.ts';
import type { BeforeJoin, Pastime } from './before/before-join.ts';
import { CHECK_METHODS } from './before/network-check.ts';
import { SocketChecks } from './before/socket-checks.ts';
import { PREPARE_METHODS, SocketPreparation } from './before/socket-preparation.ts';
import type { Connection, ConnectionHandler, Reply } from './connection.ts';
import { bind, handles } from './dispatch.ts';

/** Gives a socket its session. */
export interface SessionProvider {
  /** @param prepared transports that the socket has ready for this join */
  join(
    connection: Connection,
    params: MethodParams<'join'>,
    prepared: PreparedMedia | undefined,
  ): Promise<[Session, Reply]>;
  resume(connection: Connection, params: MethodParams<'resume'>): Promise<[Session, Reply]>;
  readonly before: BeforeJoin;
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
  preparation: SocketPreparation,
) => Promise<[Session, Reply]>;

const ENTRIES = {
  join: (provider, connection, params, preparation) => {
    const { prepared: id, ...join } = parse(METHODS.join.params, params);
    const prepared = preparation.for(join.room, id);
    return provider.join(connection, understood(connection, join), prepared);
  },
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
  readonly #preparation: SocketPreparation;
  #state: SocketState;

  constructor(provider: SessionProvider, connection: Connection) {
    this.#provider = provider;
    this.#connection = connection;
    const { before } = provider;
    this.#budgets = before.budgets();
    this.#checks = new SocketChecks({
      create: () => before.networkCheck(),
      address: connection.address,
      onStarted: () => this.#expectJoin('checking'),
      onEnded: () => this.#expectJoin(),
    });
    this.#preparation = new SocketPreparation({
      create: (request) => before.preparation(request),
      address: connection.address,
      onOpened: (opened) => {
        this.#expectJoin('prepared');
        const forMs = before.preparedForMs;
        connection.send(eventFrame('prepared', { ...opened, forMs }));
      },
      // The page joins as it would have without.
      onFailed: (err) => before.log.debug({ err }, 'nothing was prepared for a join'),
    });
    this.#state = { name: 'waiting', deadline: this.#deadline('none') };
  }

  async request(method: string, params: unknown): Promise<Reply> {
    if (!Object.hasOwn(METHODS, method)) throw new ParleyError('unknown_method');
    if (this.#state.name === 'joined' && this.#state.session.ended) this.#expectJoin();
    if (handles(ENTRIES, method)) return this.#enter(ENTRIES[method], params);
    if (handles(CHECK_METHODS, method)) {
      if (this.#state.name === 'joined') throw new ParleyError('already_joined');
      return { result: await this.#checks.request(method, params) };
    }
    if (handles(PREPARE_METHODS, method)) {
      if (this.#state.name === 'joined') throw new ParleyError('already_joined');
      return { result: await this.#preparation.request(method, params) };
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
    this.#preparation.close();
    this.#provider.forget(this.#connection);
    session?.detach(this.#connection);
  }

  async #enter(entry: Entry, params: unknown): Promise<Reply> {
    if (this.#state.name !== 'waiting') throw new ParleyError('already_joined');
    this.#connection.address.arrive();
    this.#budgets.enter();
    this.#state = { ...this.#state, name: 'entering' };
    try {
      const entering = entry(this.#provider, this.#connection, params, this.#preparation);
      const [session, reply] = await entering;
      this.#entered(session);
      return reply;
    } catch (error) {
      if (this.#state.name === 'entering') this.#state = { ...this.#state, name: 'waiting' };
      throw error;
    } finally {
      // What the join has not taken is not needed any more.
      this.#preparation.end();
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
  #expectJoin(pastime: Pastime = 'none'): void {
    const state = this.#state;
    if (state.name === 'closed') return;
    const deadline = this.#deadline(pastime);
    if (state.name !== 'joined') state.deadline.close();
    this.#state = { name: state.name === 'entering' ? 'entering' : 'waiting', deadline };
  }

  #deadline(pastime: Pastime): Timer {
    return this.#provider.before.joinTimer(pastime, () => {
      // A join that is under way is not late: what it waits for has time limits of its own.
      if (this.#state.name === 'entering') this.#expectJoin();
      else this.#connection.end(new ParleyError('timeout'), { reconnect: false });
    });
  }
}
