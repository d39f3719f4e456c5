// The HTTP API of recordings: which routes there are.
import type { FastifyInstance } from 'fastify';
import { ERROR_MESSAGES, ParleyError } from '../../../shared/errors.ts';
import { WantedFilms } from '../../recording/catalog/wanted-films.ts';
import { registerControl } from './control-routes.ts';
import { registerFilms } from './film-routes.ts';
import { Gate } from './gate.ts';
import { Library } from './library.ts';
import { registerLibrary } from './library-routes.ts';
import { registerMedia } from './media-routes.ts';
import type { RecordingApiOptions, RecordingRoutes } from './route-parts.ts';
import { ObjectSender } from './send-object.ts';
import { explained } from './store-errors.ts';

/** All addresses of this API. */
const ADDRESSES = [
  '/api/recordings',
  '/api/recordings/*',
  '/api/rooms/:room/recording',
  '/api/rooms/:room/recordings',
  '/api/shared/*',
];

export function registerRecordings(app: FastifyInstance, options: RecordingApiOptions): void {
  const { store, log } = options;
  const routes: RecordingRoutes = {
    ...options,
    gate: new Gate(options),
    library: new Library(options),
    wanted: new WantedFilms(store),
    sender: new ObjectSender({ store }),
  };
  // A scope of its own: what a store says is explained here, and answered by the error handler of all routes.
  app.register(async (scope) => {
    scope.setErrorHandler((error) => {
      throw explained(error, log);
    });
    registerControl(scope, routes);
    registerLibrary(scope, routes);
    registerMedia(scope, routes);
    registerFilms(scope, routes);
  });
}

/** The same addresses on a server that does not record. */
export function registerRecordingOff(app: FastifyInstance): void {
  for (const url of ADDRESSES) {
    app.all(url, async () => {
      throw new ParleyError('not_found', { message: ERROR_MESSAGES.recording_off });
    });
  }
}
