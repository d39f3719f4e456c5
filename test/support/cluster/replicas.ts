// Several web replicas and media nodes on one cluster, as a deployment has them.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import { createMemoryCluster } from '../../../server/cluster/memory/memory.ts';
import { loadConfig } from '../../../server/config/config.ts';
import { SfuNode } from '../../../server/sfu/node.ts';
import { listenInfos } from '../../../server/sfu/workers/addresses.ts';
import { buildWeb } from '../../../server/signaling/app.ts';
import { sessionLeaseMs } from '../../../server/signaling/session/lease.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { createMetrics } from '../../../server/telemetry/metrics.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { configuredTurn } from '../../../server/turn/pool/environment.ts';
import { SIGNALING_PATH } from '../../../shared/protocol/protocol.ts';
import { until } from '../process/until.ts';
import { PAGE, TEST_ENV, workerBinary } from '../server/app.ts';
import { type Owner, ownedBy } from '../server/owned.ts';

export interface Replica {
  readonly url: string;
  readonly signalingUrl: string;
  readonly resources: Resources;
  /** Moves all sessions elsewhere first, as after SIGTERM. */
  drain(withinMs: number): Promise<void>;
  close(): Promise<void>;
}

/** A media node and its resources. */
export interface MediaNode {
  readonly node: SfuNode;
  readonly resources: Resources;
}

export interface Replicas {
  readonly cluster: Cluster;
  /** The resources of the first media node. */
  readonly media: Resources;
  readonly nodes: readonly MediaNode[];
  readonly web: readonly Replica[];
  /** One media node more. @param wrap the cluster as it sees it */
  addNode(wrap?: Wrap): Promise<MediaNode>;
  /** One web replica more. */
  addWeb(wrap?: Wrap): Promise<Replica>;
}

/** What one process sees of the cluster. */
export type Wrap = (cluster: Cluster) => Cluster;

export async function startReplicas(
  context: Owner,
  {
    web: webCount,
    nodes: nodeCount = 1,
    wrap = (inner) => inner,
  }: {
    web: number;
    nodes?: number;
    /** For all the web replicas together; the nodes see the cluster as it is. */
    wrap?: Wrap;
  },
  env: Readonly<Record<string, string>> = {},
): Promise<Replicas> {
  const config = loadConfig({ ...TEST_ENV, ...env });
  const owned = ownedBy(context);
  const log = createLogger('silent');
  const memory = createMemoryCluster({
    chatHistory: config.limits.chatHistory,
    patchHistory: config.limits.patchHistory,
    sessionLeaseMs: sessionLeaseMs(config),
    onListenerError: (error) => {
      throw error;
    },
  });
  const cluster = wrap(memory);
  const nodes: MediaNode[] = [];
  const addNode = async (wrapNode: Wrap = (inner) => inner) => {
    const resources = new Resources();
    const node = await SfuNode.start({
      cluster: wrapNode(memory),
      media: config.media,
      interest: config.interest,
      limits: config.limits,
      workerBin: await workerBinary(),
      turn: { configured: configuredTurn(config), settings: config.turn },
      announced: [],
      drainGraceMs: config.cluster.drainGraceSeconds * 1_000,
      orphanGraceMs: config.cluster.orphanGraceMs,
      region: undefined,
      hostname: undefined,
      listenInfos: (port) => listenInfos(['127.0.0.1'], [], ['udp', 'tcp'], port),
      pipes: { listenInfo: { protocol: 'udp', ip: '127.0.0.1' }, portRange: undefined },
      resources,
      metrics: createMetrics(resources),
      log,
    });
    owned.defer(() => node.close());
    const added = { node, resources };
    nodes.push(added);
    return added;
  };
  for (let n = 0; n < nodeCount; n++) await addNode();
  if (nodeCount > 1) {
    await until('the nodes to reach each other', async () => {
      for (const { reaches } of await cluster.nodes.list()) {
        assert.equal(reaches.length, nodeCount - 1);
      }
    });
  }
  const clientDir = await mkdtemp(path.join(tmpdir(), 'parley-page-'));
  owned.defer(() => rm(clientDir, { recursive: true, force: true }));
  await writeFile(path.join(clientDir, 'index.html'), PAGE);

  const web: Replica[] = [];
  const addWeb = async (wrapWeb: Wrap = () => cluster) => {
    const resources = new Resources();
    const { app, drain } = await buildWeb({
      config,
      cluster: wrapWeb(memory),
      resources,
      metrics: createMetrics(resources),
      log,
      clientDir,
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/`;
    const replica = {
      url,
      signalingUrl: new URL(SIGNALING_PATH, url.replace('http', 'ws')).href,
      resources,
      drain,
      close: () => app.close(),
    };
    owned.defer(replica.close);
    web.push(replica);
    return replica;
  };
  for (let n = 0; n < webCount; n++) await addWeb();
  return {
    cluster,
    get media() {
      const [first] = nodes;
      assert.ok(first);
      return first.resources;
    },
    ...{ nodes, web, addNode, addWeb },
  };
}

/** The media node that carries this participant. */
export async function nodeOf(
  { cluster, nodes }: Pick<Replicas, 'cluster' | 'nodes'>,
  room: string,
  participantId: string,
): Promise<MediaNode> {
  const id = await cluster.rooms.nodeOf(room, participantId);
  const found = nodes.find(({ node }) => node.id === id);
  assert.ok(found, `no node has ${participantId}`);
  return found;
}

/** Waits until the registry has heard how many sessions there are, and that all reach all. */
export async function loadsAreKnown(cluster: Cluster, sessions: number): Promise<void> {
  await until('the loads to be known', async () => {
    const nodes = await cluster.nodes.list();
    assert.equal(
      nodes.reduce((sum, node) => sum + node.sessions, 0),
      sessions,
    );
    for (const { reaches } of nodes) assert.equal(reaches.length, nodes.length - 1);
  });
}
