// The session descriptions of a network check: a server that is ICE-lite, and a data channel. Pure.

import type { DtlsParameters, IceCandidate } from '../../../shared/media/rtp.ts';
import type { CheckPath } from '../../../shared/protocol/check-messages.ts';

type Fingerprint = DtlsParameters['fingerprints'][number];

/** The fingerprints of an offer; we answer it, so the offerer is the DTLS client. */
export function dtlsParametersOf(offer: string): DtlsParameters {
  const fingerprints = [...offer.matchAll(/^a=fingerprint:(\S+) (\S+)\s*$/gm)].map(
    ([, algorithm = '', value = '']) =>
      ({ algorithm: algorithm.toLowerCase(), value }) as Fingerprint,
  );
  // Once for each media section; there is one, but a browser may repeat it for the session.
  const unique = new Map(fingerprints.map((one) => [one.algorithm, one]));
  return { role: 'client', fingerprints: [...unique.values()] };
}

/** The answer that the server would give to this offer (RFC 8841, RFC 8445 §2.5 for ICE-lite). */
export function answerTo(offer: string, { transport, sctp }: CheckPath): string {
  const { iceParameters, iceCandidates, dtlsParameters } = transport;
  const mid = /^a=mid:(\S+)/m.exec(offer)?.[1] ?? '0';
  const lines = [
    'v=0',
    'o=parley 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    ...(iceParameters.iceLite ? ['a=ice-lite'] : []),
    `a=group:BUNDLE ${mid}`,
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    ...iceCandidates.map((candidate) => `a=candidate:${candidateOf(candidate)}`),
    'a=end-of-candidates',
    ...dtlsParameters.fingerprints.map(
      ({ algorithm, value }) => `a=fingerprint:${algorithm} ${value}`,
    ),
    'a=setup:passive',
    `a=sctp-port:${sctp.port}`,
    `a=max-message-size:${sctp.maxMessageSize}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function candidateOf(candidate: IceCandidate): string {
  const { foundation, protocol, priority, address, port, type, tcpType } = candidate;
  const words = [foundation, 1, protocol, priority, address, port, 'typ', type];
  return [...words, ...(tcpType ? ['tcptype', tcpType] : [])].join(' ');
}
