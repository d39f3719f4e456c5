// Janus from the distribution's package: its video room, over its WebSocket API, with the package's defaults.
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureDebianPackages } from '../../../native/host/debian.ts';
import { freePort } from '../../../test/support/network/ports.ts';
import { ManagedProcess } from '../../../test/support/process/managed-process.ts';
import type { Contender } from '../contender.ts';
import type { Cpus } from '../cpus.ts';
import { Peer } from '../peer.ts';
import { type JanusAnswer, JanusApi } from './janus-api.ts';
import { janusFiles } from './janus-config.ts';

const VIDEO_ROOM = 'janus.plugin.videoroom';
const FEED = 1;
const MID = '0';

/** @throws ProvisionError with the command that installs it, where we may not */
export async function startJanus(cpus: Cpus): Promise<Contender> {
  await ensureDebianPackages(['janus'], { why: 'compare with Janus', log: console.log });
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-janus-'));
  const secret = () => randomBytes(24).toString('hex');
  const [port, apiSecret, roomAdminKey] = [await freePort(), secret(), secret()];
  const files = janusFiles({ port, apiSecret, roomAdminKey, adminSecret: secret() });
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(folder, name), text, { mode: 0o600 });
  }
  const [command = '', ...args] = [...cpus.server, 'janus', `--configs-folder=${folder}`];
  const child = new ManagedProcess({ name: 'janus', command, args, cwd: folder });
  const end = async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const api = await JanusApi.connect(`ws://127.0.0.1:${port}/`, apiSecret);
    const room = await createRoom(api, roomAdminKey);
    return contender({ api, room, pid: child.pid, end });
  } catch (cause) {
    await end();
    throw new Error(`Janus did not start:\n${child.tail()}`, { cause });
  }
}

async function createRoom(api: JanusApi, adminKey: string): Promise<number> {
  const handle = await api.attach(VIDEO_ROOM);
  const room = randomInt(1, 2 ** 31);
  await api.message(handle, {
    ...{ request: 'create', room, admin_key: adminKey, permanent: false, publishers: 1 },
    // As the light clients have it: a picture, and no header extensions.
    ...{ videocodec: 'vp8', audiocodec: 'opus', notify_joining: false },
    ...{ transport_wide_cc_ext: false, videoorient_ext: false, playoutdelay_ext: false },
  });
  return room;
}

interface Running {
  api: JanusApi;
  room: number;
  pid: number;
  end(): Promise<void>;
}

function contender({ api, room, pid, end }: Running): Contender {
  return {
    name: 'janus',
    description: 'Janus 1.1 of Debian, video room; the whole process is counted',
    processes: [{ pid, isNode: false }],
    async publish({ ssrc, onPacket }) {
      const handle = await api.attach(VIDEO_ROOM);
      await api.message(handle, { request: 'join', ptype: 'publisher', room, id: FEED });
      const peer = Peer.offering({ name: 'publisher', onPacket }, ssrc);
      const offer = { type: 'offer', sdp: await peer.wholeDescription() };
      const answer = await api.message(handle, { request: 'publish' }, offer);
      peer.accept(sdpOf(answer));
      await peer.opened();
      return peer;
    },
    async watch(index, onPacket) {
      const handle = await api.attach(VIDEO_ROOM);
      const streams = [{ feed: FEED, mid: MID }];
      const joining = { request: 'join', ptype: 'subscriber', room, streams };
      const offer = sdpOf(await api.message(handle, joining));
      const peer = Peer.answering({ name: `watcher-${index}`, onPacket }, offer);
      const sdp = await peer.wholeDescription();
      await api.message(handle, { request: 'start' }, { type: 'answer', sdp });
      await peer.opened();
      const pause = async (paused: boolean) => {
        await api.message(handle, { request: paused ? 'pause' : 'start' });
      };
      return { peer, pause };
    },
    async close() {
      api.close();
      await end();
    },
  };
}

function sdpOf({ jsep }: JanusAnswer): string {
  if (!jsep) throw new Error('Janus answered without a description');
  return jsep.sdp;
}
