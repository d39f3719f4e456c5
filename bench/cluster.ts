// `npm run bench:cluster`: joins per second into one room over two web replicas, and what each hop of
// a command costs, beside the round trip of Redis itself.
import { once } from 'node:events';
import { connect } from 'node:net';
import { ensureClient } from '../client/build.ts';
import { SIGNALING_PATH } from '../shared/protocol/protocol.ts';
import { TestCluster } from '../test/support/cluster/local-cluster.ts';
import { inTurns } from '../test/support/process/in-turns.ts';
import { RawClient } from '../test/support/server/client.ts';
import { BenchOwner } from './owner.ts';
import { spread } from './statistics.ts';

const JOINS = 200;
const AT_ONCE = 10;
const ROUNDS = 5;
const ROUND_TRIPS = 300;

async function main(): Promise<void> {
  await ensureClient({ log: console.log });
  const owner = new BenchOwner();
  try {
    const cluster = await TestCluster.start(owner, {
      web: 2,
      sfu: 1,
      env: {
        LOG_LEVEL: 'warn',
        MAX_PARTICIPANTS_PER_ROOM: '1000',
        MESSAGES_PER_SECOND: '10000',
        SNAPSHOTS_PER_MINUTE: '100000',
        MEDIA_REBUILDS_PER_MINUTE: '100000',
      },
    });
    const urls = cluster.webs.map(
      (web) => new URL(SIGNALING_PATH, cluster.urlOf(web).replace('http', 'ws')).href,
    );
    const rates: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const rate = await joinsPerSecond(owner, urls, `round-${round}`);
      console.log(`${round}/${ROUNDS}: ${rate.toFixed(0)} joins per second`);
      rates.push(rate);
    }
    const [url = ''] = urls;
    const client = await RawClient.open(owner, url);
    const { media } = await client.join('hops');
    const { epoch } = media;
    const redisPort = Number(new URL(cluster.cluster.redisUrl).port);
    const redis = await redisRoundTrips(redisPort);
    const times = {
      redis,
      // To web and back: no hop at all.
      web: await roundTrips(() => client.ask('ping', {})),
      // One read of the store.
      store: await roundTrips(() => client.ask('snapshot', {})),
      // Over the bus to sfu-rtc and back, where nothing is done.
      bus: await roundTrips(() => client.ask('ready', { epoch, consumerIds: [] })),
      // The same, with one request to the media worker.
      worker: await roundTrips(() => client.ask('restartIce', { epoch, direction: 'send' })),
    };
    console.log(report(rates, times));
  } finally {
    await owner.close();
  }
}

/** Participants never leave, so that the room grows to {@link JOINS} of them. */
async function joinsPerSecond(
  owner: BenchOwner,
  urls: readonly string[],
  room: string,
): Promise<number> {
  const clients: RawClient[] = [];
  for (let n = 0; n < JOINS; n++) {
    clients.push(await RawClient.open(owner, urls[n % urls.length] ?? ''));
  }
  const startedAt = performance.now();
  await inTurns(JOINS, AT_ONCE, async (n) => clients[n]?.join(room));
  const seconds = (performance.now() - startedAt) / 1_000;
  await Promise.all(clients.map((client) => client.ask('leave', {}).then(() => client.drop())));
  return JOINS / seconds;
}

async function roundTrips(ask: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < ROUND_TRIPS; n++) {
    const startedAt = performance.now();
    await ask();
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** PING and PONG on a plain socket: the fastest that any client of Redis can be. */
async function redisRoundTrips(port: number): Promise<number[]> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  const times = await roundTrips(async () => {
    socket.write('PING\r\n');
    await once(socket, 'data');
  });
  socket.destroy();
  return times;
}

function report(rates: readonly number[], times: Readonly<Record<string, number[]>>): string {
  const median = (name: string) => spread(times[name] ?? []).median;
  const redis = median('redis');
  const line = (label: string, ms: number) =>
    `  ${label.padEnd(52)}${`${ms.toFixed(2)} ms`.padStart(10)}${`${(ms / redis).toFixed(1)} ×`.padStart(10)}`;
  const { median: rate, min, max } = spread(rates);
  return [
    '',
    `Joins into one room of ${JOINS}, ${AT_ONCE} at once, over 2 web replicas and 1 sfu-rtc with one worker`,
    `  ${rate.toFixed(0)} per second (${min.toFixed(0)} – ${max.toFixed(0)})`,
    '',
    `Round trips, median of ${ROUND_TRIPS}, and how many of Redis’s own that is`,
    line('Redis itself (PING on a plain socket)', redis),
    line('client → web', median('web')),
    line('added by web → Redis (a snapshot)', median('store') - median('web')),
    line('added by web → Redis → sfu-rtc and back', median('bus') - median('web')),
    line('added by sfu-rtc → its media worker (restartIce)', median('worker') - median('bus')),
    '',
    '  A command is published once each way, so two of them are its least.',
    '',
  ].join('\n');
}

await main();
process.exit(0);
