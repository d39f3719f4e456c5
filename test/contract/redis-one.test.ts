// The cluster on one Redis, held to the one contract.
import { after } from 'node:test';
import { RedisServer } from '../support/cluster/redis.ts';
import { redisPair } from './redis-pair.ts';
import { clusterContract } from './suites/cluster.ts';

const server = await RedisServer.start();
after(() => server.stop());

clusterContract('Redis', (settings) => redisPair(server.url, settings));
