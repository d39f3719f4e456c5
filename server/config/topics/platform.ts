// What a replica knows from its platform, and what operators see of replicas.

import { host, portOrAny, word } from '../parsers.ts';
import { choice, integer, optional, setting } from '../setting.ts';

export const platform = {
  baseLabel: setting('WATASU_RTC_BASE_LABEL', optional(word), {
    default: undefined,
    defaultText: 'none',
    about: 'First part of the replicas’ public hostnames.',
  }),
  baseDomain: setting('WATASU_RTC_BASE_DOMAIN', optional(host), {
    default: undefined,
    defaultText: 'none',
    about: 'Domain of the replicas’ public hostnames.',
  }),
  baseHost: setting('WATASU_RTC_BASE_HOST', optional(host), {
    default: undefined,
    defaultText: 'none',
    about: 'Label and domain in one; used when those two are not given.',
  }),
  ordinal: setting('WATASU_RTC_INSTANCE_ORDINAL', optional(integer(0, 9_999)), {
    default: undefined,
    defaultText: 'none',
    about: 'Number of this replica, from 0. Its hostname carries it plus one.',
  }),
  indexWidth: setting('WATASU_RTC_INSTANCE_INDEX_WIDTH', integer(1, 8), {
    default: 2,
    about: 'Digits of that number in the hostname.',
  }),
  replicaIndex: setting('WATASU_RTC_REPLICA_INDEX', optional(integer(0, 9_999)), {
    default: undefined,
    defaultText: 'none',
    about: 'Another name for WATASU_RTC_INSTANCE_ORDINAL.',
  }),
  processName: setting('WATASU_RTC_PROCESS_NAME', optional(word), {
    default: undefined,
    defaultText: 'none',
    about: 'The Procfile name of this process, for logs.',
  }),
} as const;

export const telemetry = {
  logLevel: setting(
    'LOG_LEVEL',
    choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    { default: 'info', about: 'The least severe messages to log (JSON lines on stderr).' },
  ),
  metricsPort: setting('METRICS_PORT', optional(portOrAny), {
    default: undefined,
    defaultText: '9464, on loopback only (`npm start`); none (`web`, `sfu-rtc`, `worker`)',
    about:
      'Port of `/metrics` (Prometheus text). Set, it listens on HOST; unset, on loopback only, so that nothing is published by accident.',
  }),
} as const;
