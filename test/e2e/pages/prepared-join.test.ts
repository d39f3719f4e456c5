// Paths that are up before the click, in a real browser: the join uses them, and a page that is left gives them up.
import assert from 'node:assert/strict';
import { videoEncodings } from '../../../shared/media/media.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';
import type { Parley } from '../../support/server/parley.ts';

/** Layers that a negotiation switches off are off until the SDK looks at them again: for up to two seconds. */
const UNSEEN_MS = 700;

/** Open resources of the server, by kind. */
async function open(parley: Parley, kind: string): Promise<number> {
  return (await parley.resources())[kind] ?? 0;
}

async function holds(parley: Parley, kind: string, count: number): Promise<void> {
  await until(`${count} of ${kind}`, async () => {
    assert.equal(await open(parley, kind), count);
  });
}

/** Notes every connection of the page, and the state of each. */
async function watchConnections({ page }: Participant): Promise<void> {
  await page.addInitScript(() => {
    const connections: RTCPeerConnection[] = [];
    Object.assign(window, { connections });
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        connections.push(this);
      }
    };
  });
}

type Watched = { connections: RTCPeerConnection[] };

/** Without those that asked the browser what it can do. */
function states({ page }: Participant): Promise<string[]> {
  return page.evaluate(() =>
    (window as unknown as Watched).connections
      .map(({ connectionState }) => connectionState)
      .filter((state) => state !== 'closed'),
  );
}

/** RTP packets that the page has sent or received. */
function packets({ page }: Participant): Promise<number> {
  return page.evaluate(async () => {
    let sum = 0;
    for (const connection of (window as unknown as Watched).connections) {
      for (const entry of (await connection.getStats()).values()) {
        if (entry.type === 'outbound-rtp') sum += entry.packetsSent ?? 0;
        if (entry.type === 'inbound-rtp') sum += entry.packetsReceived ?? 0;
      }
    }
    return sum;
  });
}

/** Which layers of the camera the browser may encode. */
function encodedLayers({ page }: Participant) {
  return page.evaluate(() => {
    const senders = (window as unknown as Watched).connections.flatMap((connection) =>
      connection.getSenders(),
    );
    const sender = senders.find(({ track }) => track?.kind === 'video');
    const { width = 0, height = 0 } = sender?.track?.getSettings() ?? {};
    const active = sender?.getParameters().encodings.map((encoding) => encoding.active ?? true);
    return { active, size: { width, height } };
  });
}

/** By kind, the streams that the page receives tracks in. Browsers play the tracks of one in step. */
function streams({ page }: Participant): Promise<[string, string][]> {
  return page.evaluate(() =>
    (window as unknown as Watched).connections
      .flatMap(({ remoteDescription }) => remoteDescription?.sdp.split('\r\nm=').slice(1) ?? [])
      .flatMap((section): [string, string][] => {
        const stream = /a=msid:(\S+)/.exec(section)?.[1];
        const isReceived = section.includes('a=sendonly') && stream !== 'probator';
        return isReceived && stream ? [[section.split(' ')[0] ?? '', stream]] : [];
      }),
  );
}

/** Counts how often what receives this stream was made anew since now. */
async function watchRestarts(
  { page }: Participant,
  ssrc: number | undefined,
): Promise<() => Promise<number>> {
  const counted = await page.evaluateHandle((received) => {
    const seen = { frames: 0, restarts: 0 };
    const look = async () => {
      for (const connection of (window as unknown as Watched).connections) {
        for (const entry of (await connection.getStats()).values()) {
          if (entry.type !== 'inbound-rtp' || entry.ssrc !== received) continue;
          const frames = entry.framesReceived ?? 0;
          if (frames < seen.frames) seen.restarts += 1;
          seen.frames = frames;
        }
      }
      setTimeout(look, 20);
    };
    void look();
    return seen;
  }, ssrc);
  return () => counted.evaluate(({ restarts }) => restarts);
}

async function isPrepared(person: Participant): Promise<void> {
  await until(`${person.name} to have both paths`, async () => {
    assert.deepEqual(await states(person), ['connected', 'connected']);
  });
}

/** Ann is in the call, and Bo on the page before it. */
async function annAndWhoIsAboutToJoin(scene: Scene) {
  const parley = await scene.parley();
  const ann = await scene.person('Ann');
  await ann.join(parley.room('blue'));
  const bo = await scene.person('Bo');
  await watchConnections(bo);
  await bo.open(parley.room('blue'));
  return { parley, ann, bo };
}

story('a prepared join: nobody sees it before the click, and everybody after', async (scene) => {
  const { parley, ann, bo } = await annAndWhoIsAboutToJoin(scene);

  await scene.step('the paths are up, and nothing crosses them', async () => {
    await isPrepared(bo);
    await holds(parley, 'prepared', 1);
    assert.equal(await packets(bo), 0);
    assert.equal(await ann.page.getByRole('article').count(), 1, 'Ann is alone');
    assert.equal(await open(parley, 'session'), 1);
  });

  await scene.step('both see each other, over the same paths', async () => {
    await bo.clickJoin();
    await bo.sees('Ann');
    await ann.sees('Bo');
    assert.deepEqual(await states(bo), ['connected', 'connected']);
    await holds(parley, 'prepared', 0);
    const received = new Map(await streams(bo));
    assert.deepEqual([...received.keys()].toSorted(), ['audio', 'video']);
    assert.equal(
      received.get('audio'),
      received.get('video'),
      'her voice is in step with her lips',
    );
    const { active, size } = await encodedLayers(bo);
    assert.equal(active?.length, videoEncodings('camera', 'VP8', size).length);
    // The highest layer is switched off when it is known that Ann's tile is too small for it.
    assert.ok(
      active?.slice(0, -1).every((isActive) => isActive),
      `the layers that her tile shows: ${active}`,
    );
  });

  // A browser takes what the first description said with each negotiation: layers that were off in it are off again.
  await scene.step('what is negotiated later stops no picture', async () => {
    const [atAnn, atBo] = [await ann.watchGaps(ann.tile('Bo')), await bo.watchGaps(bo.tile('Ann'))];
    await bo.toggle('Share screen', true);
    await ann.seesMoving(ann.screenOf('Bo'));
    await bo.toggle('Share screen', false);
    const gapMs = Math.round(await atAnn.longestGapMs(atBo));
    scene.note(`longest gap ${gapMs} ms`);
    assert.ok(gapMs < UNSEEN_MS, `his picture stood still for ${gapMs} ms`);
  });

  // A section that names no SSRC is received anew with each negotiation, and waits for a key frame.
  await scene.step('what is received later does not begin the first picture anew', async () => {
    const { ssrc } = await bo.video(bo.tile('Ann'));
    const restarts = await watchRestarts(bo, ssrc);
    await ann.toggle('Share screen', true);
    await bo.seesMoving(bo.screenOf('Ann'));
    await ann.toggle('Share screen', false);
    await bo.seesMoving(bo.tile('Ann'));
    assert.equal(await restarts(), 0, 'the picture of Ann was begun anew');
  });

  await scene.step('who leaves the page before the call leaves nothing', async () => {
    const cy = await scene.person('Cy');
    await watchConnections(cy);
    await cy.open(parley.room('blue'));
    await isPrepared(cy);
    const transports = await open(parley, 'transport');
    await cy.page.goto('about:blank');
    await holds(parley, 'prepared', 0);
    await holds(parley, 'transport', transports - 2);
  });
});

story('devices are changed before the call: what is off then is not sent', async (scene) => {
  const { ann, bo } = await annAndWhoIsAboutToJoin(scene);
  await isPrepared(bo);
  await bo.toggle('Camera', false);
  await bo.toggle('Microphone', false);
  await bo.clickJoin();
  await bo.sees('Ann');
  await until('Ann to have him without a picture', async () => {
    assert.equal(await ann.tile('Bo').count(), 1);
    assert.equal(await ann.tile('Bo').locator('video').count(), 0);
  });
  const sent = () =>
    bo.page.evaluate(async () => {
      const reports = await Promise.all(
        (window as unknown as Watched).connections.map((connection) => connection.getStats()),
      );
      return reports
        .flatMap((report) => [...report.values()])
        .filter(({ type }) => type === 'outbound-rtp')
        .reduce((sum, { packetsSent = 0 }) => sum + packetsSent, 0);
    });
  assert.equal(await sent(), 0);
  await bo.toggle('Camera', true);
  await ann.sees('Bo');
  await bo.toggle('Microphone', true);
  await ann.hears(1);
});

/** Notes what the page knew of remote pictures when it first told the server of a track of its own. */
async function watchFirstPublish({ page }: Participant): Promise<void> {
  await page.evaluate(() => {
    let readyAt = Number.POSITIVE_INFINITY;
    const isSeen = () =>
      (window as unknown as Watched).connections
        .flatMap((connection) => connection.getReceivers())
        .some((to) => to.track.kind === 'video' && to.getSynchronizationSources().length > 0);
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (data) {
      if (String(data).includes('"method":"ready"')) readyAt = performance.now();
      if (String(data).includes('"method":"publish"') && !('firstPublish' in window)) {
        const waitedMs = performance.now() - readyAt;
        Object.assign(window, { firstPublish: { isSeen: isSeen(), waitedMs } });
      }
      send.call(this, data);
    };
  });
}

story('who joins sees first: own tracks begin after a picture, or a moment', async (scene) => {
  const { ann, bo } = await annAndWhoIsAboutToJoin(scene);
  await isPrepared(bo);
  await watchFirstPublish(bo);
  await bo.clickJoin();
  await Promise.all([bo.sees('Ann'), ann.sees('Bo')]);
  const { isSeen, waitedMs } = await bo.page.evaluate(
    () =>
      (window as unknown as { firstPublish: { isSeen: boolean; waitedMs: number } }).firstPublish,
  );
  assert.ok(isSeen || waitedMs >= 90, `after ${Math.round(waitedMs)} ms, without a picture`);
});

story('nothing can be prepared: the join is as it was', async (scene) => {
  const parley = await scene.parley({ MAX_PREPARED: '0' });
  const [ann, bo] = [await scene.person('Ann'), await scene.person('Bo')];
  await ann.join(parley.room('blue'));
  await bo.join(parley.room('blue'));
  await Promise.all([ann.sees('Bo'), bo.sees('Ann')]);
});
