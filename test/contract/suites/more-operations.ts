// Operations that only tests know, each written once: what the next one costs, and that both stores do it.
import type * as v from 'valibot';
import type { Committer, RoomOp } from '../../../shared/room/operations.ts';
import { granted, OPERATIONS, operation } from '../../../shared/room/operations.ts';
import type { Condition } from '../../../shared/room/primitives.ts';
import { ClientId, DisplayName, ParticipantId, Role } from '../../../shared/room/room.ts';

const isThere = (id: string): Condition => ({ is: 'present', list: 'participants', id });

/** Changes a field that Lua has to find in the JSON. Own name, or any for a host. */
const rename = operation('rename', {
  fields: { participantId: ParticipantId, name: DisplayName },
  requires: ({ participantId }, by) => [
    { code: 'unknown_participant', anyOf: [isThere(participantId)] },
    {
      code: 'forbidden',
      anyOf: [
        {
          is: 'field',
          list: 'participants',
          id: by.participantId,
          field: 'id',
          values: [participantId],
        },
        granted('moderate', by),
      ],
    },
  ],
  effect: ({ participantId: id, name }) => [
    { write: 'set', list: 'participants', id, field: 'name', value: name },
  ],
});

/** Changes a field that grants depend on. */
const appoint = operation('appoint', {
  fields: { participantId: ParticipantId, role: Role },
  grant: 'moderate',
  requires: ({ participantId }) => [
    { code: 'unknown_participant', anyOf: [isThere(participantId)] },
  ],
  effect: ({ participantId: id, role }) => [
    { write: 'set', list: 'participants', id, field: 'role', value: role },
  ],
});

/** Conditions on a boolean field, on one that Lua has to find in the JSON, and on a count. */
const feature = operation('feature', {
  fields: { trackId: ClientId },
  requires: ({ trackId: id }, { participantId }: Committer) => [
    { code: 'unknown_track', anyOf: [{ is: 'present', list: 'tracks', id }] },
    {
      code: 'media_failed',
      anyOf: [{ is: 'field', list: 'tracks', id, field: 'muted', values: [false] }],
    },
    {
      code: 'too_many_tracks',
      anyOf: [
        { is: 'field', list: 'tracks', id, field: 'kind', values: ['video'] },
        { is: 'fewer', list: 'tracks', owner: participantId, than: 2 },
      ],
    },
  ],
  effect: ({ trackId: id }) => [
    { write: 'set', list: 'tracks', id, field: 'source', value: 'screen' },
  ],
});

/** Takes away all that a participant shares. */
const hush = operation('hush', {
  fields: { participantId: ParticipantId },
  grant: 'moderate',
  requires: () => [],
  effect: ({ participantId: owner }) => [{ write: 'drop-owned', list: 'tracks', owner }],
});

export const MORE_OPERATIONS = { ...OPERATIONS, rename, appoint, feature, hush };

type MoreOp = v.InferOutput<(typeof MORE_OPERATIONS)[keyof typeof MORE_OPERATIONS]['schema']>;

/** As a store takes it. */
export function more(op: MoreOp): RoomOp {
  const any: { op: string } = op;
  return any as RoomOp;
}
