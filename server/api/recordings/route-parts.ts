// What each group of routes of recordings works with, and what they share.
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { parse } from '../../../shared/protocol/rpc.ts';
import { RecordingId } from '../../../shared/room/room.ts';
import type { JobStore } from '../../cluster/jobs.ts';
import type { Config } from '../../config/config.ts';
import type { Catalog } from '../../recording/catalog/catalog.ts';
import type { WantedFilms } from '../../recording/catalog/wanted-films.ts';
import type { RecordStore } from '../../recording/stores/store.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import type { Guesses } from '../authorize.ts';
import type { RoomTokens } from '../tokens.ts';
import type { RoomRecordings } from './control.ts';
import type { Gate } from './gate.ts';
import type { Library } from './library.ts';
import type { RecordingTokens } from './recording-tokens.ts';
import type { ObjectSender } from './send-object.ts';

/** The part of the store of jobs that films need. */
export type FilmJobs = Pick<JobStore, 'add' | 'cancel' | 'list'>;

/** What the process has for recordings, on whichever store and cluster. */
export interface RecordingParts {
  store: RecordStore;
  catalog: Catalog;
  control: RoomRecordings;
  jobs: FilmJobs;
}

export interface RecordingApiOptions extends RecordingParts {
  config: Pick<Config['recording'], 'by' | 'keyTemplate' | 'quotaMb' | 'linkTtlSeconds'>;
  tokens: RecordingTokens;
  /** Undefined where rooms are open. */
  roomTokens: RoomTokens | undefined;
  /** The wrong bearer tokens of the address that a request comes from. */
  guessesOf(request: FastifyRequest): Guesses;
  resources: Resources;
  log: Logger;
}

/** What each group of routes works with. */
export interface RecordingRoutes extends RecordingApiOptions {
  gate: Gate;
  library: Library;
  wanted: WantedFilms;
  sender: ObjectSender;
}

/** Bodies have three fields at most; anything larger is a mistake. */
export const BODY = { bodyLimit: 4_096 };
const IdParams = v.object({ id: RecordingId });

/** @throws ParleyError `bad_message` */
export function idOf(request: FastifyRequest): string {
  return parse(IdParams, request.params).id;
}

/** An answer without a body. */
export function nothing(reply: FastifyReply): FastifyReply {
  return reply.code(204).send();
}
