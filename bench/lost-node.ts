// How long it takes until all participants of a killed node have a media session on another node, and know of
// it.
import { SIGNALING_PATH } from '../shared/protocol/protocol.ts';
import { TestCluster } from '../test/support/cluster/local-cluster.ts';
import { SocketCrowd } from '../test/support/cluster/socket-crowd.ts';
import { BenchOwner } from './owner.ts';
import { spread } from './statistics.ts';

interface Crowd {
  name: string;
  participants: number;
  perRoom: number;
  publishing: boolean;
  /** Milliseconds that it may take; undefined where nothing is aimed at. */
  goalMs?: number;
}

const CROWDS: readonly Crowd[] = [
  {
    name: '1,000 sessions on two nodes, one killed: all placed and told',
    participants: 1_000,
    perRoom: 10,
    publishing: false,
    goalMs: 5_000,
  },
  {
    name: '1,000 sessions on two nodes, one killed: the same, each publishes at once',
    participants: 1_000,
    perRoom: 10,
    publishing: true,
  },
];
const TRIALS = 3;
const WITHIN_MS = 120_000;

/** @param only measures those whose name contains this @returns lines to print */
export async function crowds(only: string): Promise<string> {
  const lines: string[] = [];
  for (const crowd of CROWDS.filter(({ name }) => name.includes(only))) {
    const times: number[] = [];
    for (let trial = 1; trial <= TRIALS; trial++) {
      times.push(await loseNode(crowd));
      console.log(`${crowd.name} ${trial}/${TRIALS}: ${times.at(-1)?.toFixed(0)} ms`);
    }
    const { median, max } = spread(times);
    const { goalMs } = crowd;
    const verdict =
      goalMs === undefined ? '' : `, goal ${goalMs} ms: ${max <= goalMs ? 'met' : 'MISSED'}`;
    lines.push(
      `  ${crowd.name}`,
      `    median ${median.toFixed(0)} ms, worst ${max.toFixed(0)} ms${verdict}`,
    );
  }
  return lines.join('\n');
}

/** One `web`, two `sfu-rtc`, all participants on the node that is killed. @returns milliseconds */
async function loseNode(options: Crowd): Promise<number> {
  const { participants } = options;
  const owner = new BenchOwner();
  try {
    const env = {
      LOG_LEVEL: 'warn',
      MAX_SESSIONS_PER_REPLICA: String(2 * participants),
      MAX_ROOMS_PER_ADDRESS: String(participants),
    };
    const cluster = await TestCluster.start(owner, { web: 1, sfu: 1, env });
    const url = new URL(SIGNALING_PATH, cluster.url.replace('http', 'ws')).href;
    const [lost] = cluster.sfus;
    const crowd = await SocketCrowd.join(owner, { url, ...options });
    await cluster.addSfu();
    const told = crowd.offeredNewMedia(WITHIN_MS);
    lost?.child.signal('SIGKILL');
    return await told;
  } finally {
    await owner.close();
  }
}
