// A recorded call of three, of twelve seconds: with all codecs, a late one, an early one, a loss, and a screen that changes its size.
import { mkdir } from 'node:fs/promises';
import { gapsOf } from '../../../../server/recording/manifest/gaps.ts';
import type { ManifestLine } from '../../../../server/recording/manifest/lines.ts';
import { mergeLogs } from '../../../../server/recording/manifest/merge.ts';
import { type Recorded, record, START } from './recorded.ts';

export const at = (seconds: number) => START + seconds * 1_000;

export const PEOPLE = {
  ann: {
    id: 'participant-ann',
    name: "Ann O'Neil, 100% {\\b1}[x];:",
    colour: '0xb03030',
    tone: 700,
  },
  ben: { id: 'participant-ben', name: 'بن العربي 🎉 李小龍', colour: '0x30a030', tone: 1_300 },
  cid: {
    id: 'participant-cid',
    name: 'Cid with a very, very long name that does not end where the tile does, nor much later',
    colour: '0x3030c0',
    tone: 2_100,
  },
} as const;
type Who = keyof typeof PEOPLE;

/** When each was there, in seconds. */
export const TIMES: Record<Who, [number, number]> = { ann: [0, 12], ben: [3, 12], cid: [0, 7] };
/** When Ben's camera is lost, and is back. */
export const LOSS: [number, number] = [6.2, 8.4];
export const SCREEN: [number, number] = [4, 10];
const SCREEN_GROWS = 7.2;

function tracks(): Recorded[] {
  const camera = (who: Who, rest: Partial<Recorded>): Recorded => ({
    file: `${who}-camera.webm`,
    trackId: `track-${who}-camera`,
    participantId: PEOPLE[who].id,
    source: 'camera',
    codec: 'vp8',
    from: at(TIMES[who][0]) + 137,
    to: at(TIMES[who][1]),
    colour: PEOPLE[who].colour,
    ...rest,
  });
  const voice = (who: Who, rest: Partial<Recorded>): Recorded => ({
    file: `${who}-microphone.webm`,
    trackId: `track-${who}-microphone`,
    participantId: PEOPLE[who].id,
    source: 'microphone',
    codec: 'opus',
    from: at(TIMES[who][0]) + 211,
    to: at(TIMES[who][1]),
    tone: PEOPLE[who].tone,
    ...rest,
  });
  const screen = (rest: Partial<Recorded>): Recorded => ({
    ...camera('ann', {}),
    source: 'screen',
    trackId: 'track-ann-screen',
    colour: '0xc0a020',
    fps: 10,
    ...rest,
  });
  return [
    camera('ann', { wrongBy: 90 }),
    voice('ann', { wrongBy: -60 }),
    camera('ben', { file: 'ben-camera-1.mkv', codec: 'h264', to: at(LOSS[0]), ppm: 200 }),
    camera('ben', {
      ...{ file: 'ben-camera-2.mkv', codec: 'h264', from: at(LOSS[1]), ppm: 200, epoch: 2 },
      // He turned his telephone.
      ...{ width: 180, height: 320 },
    }),
    voice('ben', { ppm: 200 }),
    camera('cid', { codec: 'vp9' }),
    voice('cid', {}),
    screen({ file: 'ann-screen-1.webm', codec: 'av1', from: at(SCREEN[0]), to: at(SCREEN_GROWS) }),
    screen({
      ...{ file: 'ann-screen-2.webm', codec: 'vp8', from: at(SCREEN_GROWS), to: at(SCREEN[1]) },
      ...{ width: 240, height: 300 },
    }),
  ];
}

function roomLines(): ManifestLine[] {
  let version = 10;
  const lines: ManifestLine[] = [
    {
      ...{ type: 'begin', at: START - 5, format: 1, recording: '20261128T184512Z-h7q2m9x4kd' },
      ...{ room: 'board', startedAt: START, writer: 'recorder-1', node: 'sfu-1' },
    },
  ];
  for (const who of ['ann', 'cid', 'ben'] as const) {
    const { id, name } = PEOPLE[who];
    const [from, to] = TIMES[who].map(at) as [number, number];
    version += from === START ? 0 : 1;
    lines.push({ type: 'joined', at: from, version, participantId: id, name, role: 'host' });
    for (const [source, kind] of [
      ['microphone', 'audio'],
      ['camera', 'video'],
    ] as const) {
      const trackId = `track-${who}-${source}`;
      lines.push({
        ...{ type: 'published', at: from, version, trackId, participantId: id, kind, source },
        muted: false,
      });
    }
    if (to < at(12)) lines.push({ type: 'left', at: to, version: 30, participantId: id });
  }
  lines.push(
    {
      ...{ type: 'published', at: at(SCREEN[0]), version: 20, trackId: 'track-ann-screen' },
      ...{ participantId: PEOPLE.ann.id, kind: 'video', source: 'screen', muted: false },
    },
    { type: 'unpublished', at: at(SCREEN[1]), version: 40, trackId: 'track-ann-screen' },
    {
      ...{ type: 'chat', at: at(2), version: 10, id: 'message-number-1' },
      ...{ participantId: PEOPLE.ann.id, name: PEOPLE.ann.name, text: 'Hello <b>all</b> & {\\i1}' },
    },
    { type: 'stopped', at: at(12), version: 50 },
  );
  for (const [second, who] of [
    [0.5, 'ann'],
    [3.5, 'ben'],
    [6.5, 'cid'],
    [8, 'ben'],
  ] as const) {
    const participantIds = [PEOPLE[who].id];
    lines.push({ type: 'speakers', at: at(second), origin: 'sfu-1', participantIds });
  }
  return lines;
}

/** @returns the manifest of what was recorded to the folder */
export async function recordCallOfThree(folder: string): Promise<ManifestLine[]> {
  await mkdir(folder, { recursive: true });
  const recorded: ManifestLine[] = [];
  for (const track of tracks()) recorded.push(...(await record(folder, track)));
  const lines = mergeLogs([roomLines(), recorded]);
  return mergeLogs([[...lines, ...gapsOf(lines)]]);
}
