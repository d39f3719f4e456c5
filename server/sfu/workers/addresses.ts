// Chooses the addresses that media listens on, and those it announces.
import { isIPv4, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import type { TransportListenInfo } from 'mediasoup/types';
import type { Config } from '../../config/config.ts';

/** Interfaces of container bridges. Other machines cannot reach them. */
const BRIDGES = /^(docker|br-|veth|virbr|cni|flannel|cali|podman)/;
/** More candidates than this make ICE slower, not better. */
const MAX_ADDRESSES = 8;

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** Every address a browser could reach, or loopback when there is no other. */
export function listenAddresses(media: Config['media'], interfaces: Interfaces): string[] {
  if (media.listenAddresses) return [...media.listenAddresses];
  const reachable = Object.entries(interfaces)
    .filter(([name]) => !BRIDGES.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    // Link-local IPv6 addresses mean nothing without a zone, which candidates cannot carry.
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
    .map(({ address }) => address);
  const ipv4First = [...reachable.filter(isIPv4), ...reachable.filter(isIPv6)];
  return ipv4First.length > 0 ? ipv4First.slice(0, MAX_ADDRESSES) : ['127.0.0.1'];
}

/**
 * The replica's public hostname: base label, "-", ordinal + 1 padded to the width, ".", domain.
 *
 * @returns undefined when the platform gave too little
 */
export function replicaHostname(platform: Config['platform']): string | undefined {
  const ordinal = platform.ordinal ?? platform.replicaIndex;
  if (ordinal === undefined) return undefined;
  const dot = platform.baseHost?.indexOf('.') ?? -1;
  const label = platform.baseLabel ?? (dot > 0 ? platform.baseHost?.slice(0, dot) : undefined);
  const domain = platform.baseDomain ?? (dot > 0 ? platform.baseHost?.slice(dot + 1) : undefined);
  if (!label || !domain) return undefined;
  return `${label}-${String(ordinal + 1).padStart(platform.indexWidth, '0')}.${domain}`;
}

/** Public addresses to announce besides the listening ones. */
export function announcedAddresses(config: Pick<Config, 'media' | 'platform'>): string[] {
  if (config.media.announcedAddresses) return [...config.media.announcedAddresses];
  const hostname = replicaHostname(config.platform);
  return hostname === undefined ? [] : [hostname];
}

/**
 * The listening addresses of a worker's WebRtcServer: each address with each protocol, on one port. An
 * announced address goes with the first listening address of its family (a hostname with the first of all). The
 * internal address stays a candidate of its own (`exposeInternalIp`).
 */
export function listenInfos(
  listen: readonly string[],
  announced: readonly string[],
  protocols: Config['media']['protocols'],
  port: number,
): TransportListenInfo[] {
  return listen.flatMap((ip) => {
    const announcedAddress = announced.find((address) => announcedOn(address, listen) === ip);
    return protocols.map((protocol) => ({
      protocol,
      ip,
      port,
      ...(isIPv6(ip) && { flags: { ipv6Only: true } }),
      ...(announcedAddress !== undefined && { announcedAddress, exposeInternalIp: true }),
    }));
  });
}

/** @param bytes what the kernel keeps of UDP packets until the worker reads them; of TCP it decides by itself */
export function withReceiveBuffer(
  infos: readonly TransportListenInfo[],
  bytes: number,
): TransportListenInfo[] {
  return infos.map((info) =>
    info.protocol === 'udp' ? { ...info, recvBufferSize: bytes } : { ...info },
  );
}

function announcedOn(address: string, listen: readonly string[]): string | undefined {
  if (isIPv4(address)) return listen.find(isIPv4);
  if (isIPv6(address)) return listen.find(isIPv6);
  return listen[0];
}
