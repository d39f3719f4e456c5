// What a media node and the recorder beside it say to each other, as schemas: both read with them.
import * as v from 'valibot';
import { MediaKind } from '../../../shared/media/rtp.ts';
import {
  ClientId,
  ParticipantId,
  RecordingId,
  RoomName,
  Timestamp,
  TrackSource,
} from '../../../shared/room/room.ts';
import { ManifestLine, SEGMENT_ENDS } from '../manifest/lines.ts';

/** A recording, as far as its files are concerned. */
export const RecordingKey = v.object({ id: RecordingId, room: RoomName, startedAt: Timestamp });
export type RecordingKey = v.InferOutput<typeof RecordingKey>;

const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
/** Names a track of this node to its recorder: the id of its producer, which no two have. */
const TrackKey = v.string();
/** Names a request, so that its answer is known. */
const Request = v.number();

/** How the packets of a track look. */
export const StreamFormat = v.object({
  /** As in a MIME type. */
  codec: v.string(),
  payloadType: v.number(),
  ssrc: v.number(),
  clockRate: v.number(),
  channels: v.number(),
});
export type StreamFormat = v.InferOutput<typeof StreamFormat>;

export const RecordedTrackInfo = v.object({
  key: TrackKey,
  recordingId: RecordingId,
  trackId: ClientId,
  participantId: ParticipantId,
  kind: MediaKind,
  source: TrackSource,
  epoch: v.number(),
  /** Its packets come from this UDP port of the loopback address. */
  port: Port,
  ...StreamFormat.entries,
});
export type RecordedTrackInfo = v.InferOutput<typeof RecordedTrackInfo>;

export const SegmentEnd = v.picklist(SEGMENT_ENDS);
export type SegmentEnd = v.InferOutput<typeof SegmentEnd>;

/**
 * The first message to a recorder: the settings of its node, in place of those that it inherits. Among them are
 * secrets, which an argument would show to every user of the machine.
 */
export const Configure = v.object({
  do: v.literal('configure'),
  variables: v.record(v.string(), v.string()),
});
export type Configure = v.InferOutput<typeof Configure>;

/** From the node to its recorder, after that. */
export const ToRecorder = v.variant('do', [
  /** This node takes part in the recording from now on. */
  v.object({ do: v.literal('begin'), recording: RecordingKey, node: v.string() }),
  v.object({ do: v.literal('line'), recordingId: RecordingId, line: ManifestLine }),
  /** Answered with `tracked`: packets that came before would not be known. */
  v.object({ do: v.literal('track'), track: RecordedTrackInfo }),
  v.object({ do: v.literal('untrack'), key: TrackKey, why: SegmentEnd }),
  /** This node takes part no more. Answered with `ended` when all of it is in the store. */
  v.object({ do: v.literal('end'), recordingId: RecordingId, isOver: v.boolean() }),
  /** Recordings that are begun and not finished, by this recorder or any other. Answered with `unfinished`. */
  v.object({ do: v.literal('listUnfinished'), request: Request }),
  /** The recording is over: its files are put in order. Answered with `finished`. */
  v.object({ do: v.literal('finish'), request: Request, recording: RecordingKey }),
]);
export type ToRecorder = v.InferOutput<typeof ToRecorder>;

/** What became of the wish to finish a recording. */
export const FinishOutcome = v.variant('is', [
  /** `isNew`: by this call. */
  v.object({ is: v.literal('done'), isNew: v.boolean() }),
  /** Another recorder may still be writing to it. */
  v.object({ is: v.literal('writing') }),
  v.object({ is: v.literal('failed'), problem: v.string() }),
]);
export type FinishOutcome = v.InferOutput<typeof FinishOutcome>;

export const RecorderState = v.object({
  tracks: v.number(),
  /** Bytes that are recorded and not in the store yet. */
  waitingBytes: v.number(),
  /** How long the oldest of them wait. */
  waitingMs: v.number(),
  /** Bytes recorded since the process began. */
  recordedBytes: v.number(),
  /** Packets that never came. */
  lostPackets: v.number(),
  /** Why recording does not work at the moment: a code of StoreError, and a sentence for the operator. */
  problem: v.nullable(
    v.object({
      code: v.string(),
      message: v.string(),
      /** Nothing is kept of what is sent meanwhile. Else it waits on this machine. */
      isLosing: v.boolean(),
    }),
  ),
});
export type RecorderState = v.InferOutput<typeof RecorderState>;

/** From the recorder to its node. */
export const FromRecorder = v.variant('say', [
  /** It listens for packets on this UDP port of the loopback address. */
  v.object({ say: v.literal('ready'), port: Port }),
  /** It cannot start, and ends: a sentence for the operator. */
  v.object({ say: v.literal('failed'), problem: v.string() }),
  v.object({ say: v.literal('tracked'), key: TrackKey }),
  v.object({ say: v.literal('keyframe'), key: TrackKey }),
  v.object({ say: v.literal('ended'), recordingId: RecordingId }),
  v.object({
    say: v.literal('unfinished'),
    request: Request,
    recordings: v.array(RecordingKey),
  }),
  v.object({ say: v.literal('finished'), request: Request, outcome: FinishOutcome }),
  v.object({ say: v.literal('state'), state: RecorderState }),
]);
export type FromRecorder = v.InferOutput<typeof FromRecorder>;
