// The cluster on a Redis Cluster of three servers, held to the one contract.
import { after } from 'node:test';
import { RedisServers } from '../support/cluster/redis.ts';
import { redisPair } from './redis-pair.ts';
import { clusterContract } from './suites/cluster.ts';

const servers = await RedisServers.start();
after(() => servers.stop());

clusterContract('Redis Cluster', (settings) => redisPair(servers.url, settings));
