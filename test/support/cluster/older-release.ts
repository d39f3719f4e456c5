// A process of the release before, to the others of its cluster: what that release did not have crosses in no message.
import type {
  MediaCommand,
  MediaEvent,
  MediaParams,
} from '../../../server/cluster/messages/media.ts';
import type { MeshCommand, MeshState, MeshTrack } from '../../../server/cluster/messages/mesh.ts';
import { ParleyError } from '../../../shared/errors.ts';
import type { MediaOffer } from '../../../shared/protocol/media-messages.ts';
import type { Wrap } from './replicas.ts';
import { through } from './through.ts';

type Fields = Record<string, unknown>;

/** Something that this release added. Each function changes what it is given, which is a copy. */
export interface Addition {
  readonly name: string;
  /** @throws ParleyError `unknown_method` */
  request?(command: string, params: Fields): void;
  answer?(command: string, result: Fields): void;
  /** @returns false for one that an older release neither sends nor reads */
  message?(topic: string, message: Fields): boolean;
}

function command(added: MediaCommand | MeshCommand): Addition {
  return {
    name: `the command ${added}`,
    request(name) {
      if (name === added) throw new ParleyError('unknown_method');
    },
  };
}

function param<K extends MediaCommand>(of: K, field: keyof MediaParams<K> & string): Addition {
  return {
    name: `${field} of ${of}`,
    request(name, params) {
      if (name === of) delete params[field];
    },
  };
}

function offered(field: keyof MediaOffer): Addition {
  return {
    name: `${field} of the media offer`,
    answer(_, { offer }) {
      if (offer) delete (offer as Fields)[field];
    },
  };
}

function event(added: MediaEvent): Addition {
  return { name: `the event ${added}`, message: (_, { event: name }) => name !== added };
}

const REPLICA = 'replica' satisfies keyof MediaParams<'open'> & keyof MediaParams<'describe'>;
const READS_NEWS = 'readsNews' satisfies keyof MeshState;
const TAKE = 'take' satisfies keyof MeshTrack;

/** A replica that names itself reads what is addressed to it: both came together. */
const addressed: Addition = {
  name: 'events addressed to a replica',
  request: (_, params) => void delete params[REPLICA],
  message: (topic) => !topic.startsWith('web:'),
};

/** A node that does not read news needs whole states, and gets and sends nothing else. */
const news: Addition = {
  name: 'news between nodes',
  request: (_, params) => void delete params[READS_NEWS],
  answer: (_, result) => void delete result[READS_NEWS],
  message(of, message) {
    delete message[READS_NEWS];
    return !of.startsWith('meshnews:');
  },
};

const takesOfTracks: Addition = {
  name: 'takes of tracks between nodes',
  answer: (_, result) => withoutTakes(result),
  message(_, message) {
    withoutTakes(message);
    return true;
  },
};

function withoutTakes({ tracks }: Fields): void {
  if (Array.isArray(tracks)) for (const track of tracks) delete track[TAKE];
}

/** All that this release has, and the one before has not. A list per release: it begins anew with each. */
export const ADDITIONS: readonly Addition[] = [
  addressed,
  param('open', 'prepared'),
  param('open', 'demand'),
  param('open', 'view'),
  param('describe', 'demand'),
  param('publish', 'take'),
  {
    name: 'take of the answer to publish',
    answer: (of, result) => void (of === 'publish' && delete result[TAKE]),
  },
  offered('videoCodecs'),
  offered('demand'),
  offered('voices'),
  command('prepare'),
  command('prepareConnect'),
  command('prepareKeep'),
  command('prepareEnd'),
  command('speaking'),
  command('demand'),
  command('meshSpeaking'),
  event('undecodable'),
  event('demand'),
  event('voices'),
  event('heard'),
  news,
  takesOfTracks,
];

/** A process without these additions, in both directions. */
export function without(additions: readonly Addition[]): Wrap {
  const asked = (command: string, params: unknown): Fields => {
    const copy = structuredClone(params) as Fields;
    for (const { request } of additions) request?.(command, copy);
    return copy;
  };
  const answered = (command: string, result: unknown): unknown => {
    if (result === null || typeof result !== 'object') return result;
    const copy = structuredClone(result) as Fields;
    for (const { answer } of additions) answer?.(command, copy);
    return copy;
  };
  const passed = (topic: string, message: unknown): Fields | undefined => {
    const copy = structuredClone(message) as Fields;
    return additions.every(({ message }) => message?.(topic, copy) ?? true) ? copy : undefined;
  };
  return (cluster) => {
    const { bus } = cluster;
    return through(cluster, {
      request: async (nodeId, command, params, options) =>
        answered(command, await bus.request(nodeId, command, asked(command, params), options)),
      serve: (nodeId, handler) =>
        bus.serve(nodeId, async (command, params) =>
          answered(command, await handler(command, asked(command, params))),
        ),
      publish: async (topic, message) => {
        const copy = passed(topic, message);
        if (copy) await bus.publish(topic, copy);
      },
      subscribe: (topic, listener) =>
        bus.subscribe(topic, (message) => {
          const copy = passed(topic, message);
          if (copy) listener(copy);
        }),
    });
  };
}
