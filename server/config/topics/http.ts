// HTTP, and who may join.

import { apiKeys } from '../api-keys.ts';
import { host, origin, portOrAny, proxies, word } from '../parsers.ts';
import { integer, list, optional, setting } from '../setting.ts';

export const http = {
  port: setting('PORT', portOrAny, {
    default: 3000,
    about: 'TCP port of the web server. 0 takes any free port.',
  }),
  host: setting('HOST', host, {
    default: '::',
    about:
      'Address the web server listens on. The default is every one of this machine, IPv6 and IPv4 (IPv4 alone where there is no IPv6); it is reachable from outside. `127.0.0.1` is for a proxy on the same machine, `0.0.0.0` for IPv4 alone.',
  }),
  requestTimeoutMs: setting('REQUEST_TIMEOUT_MS', integer(100, 300_000), {
    default: 10_000,
    about:
      'How long a client may take to send a request, headers and body; then it is answered 408 and closed. The largest takes 16 kB, a second on a bad line. Without it a few slow senders hold every connection. WebSockets have JOIN_TIMEOUT_MS.',
  }),
  trustProxy: setting('TRUST_PROXY', proxies, {
    default: 0,
    defaultText: '`false`',
    about:
      'Believe `X-Forwarded-*` headers. Only behind a proxy that sets them: otherwise anybody may forge their address. With several proxies in a row (a CDN before a load balancer) their number: the client’s address is the one that the outermost of them adds. Limits by address do not hold for clients of a proxy that is not trusted.',
  }),
  allowedOrigins: setting('ALLOWED_ORIGINS', optional(list(origin)), {
    default: undefined,
    defaultText: 'the server’s own',
    about:
      'Origins of other pages that may open calls here. A browser sends the page’s origin; without this check any page could act with its visitor’s network position.',
  }),
  embedOrigins: setting('EMBED_ORIGINS', optional(list(origin)), {
    default: undefined,
    defaultText: 'none',
    about:
      'Origins of other pages that may show calls in a frame ([embedding.md](embedding.md)), such as `https://app.example.org`. A page that frames a call could lead its visitors to clicks that they do not mean, and gets to know who is in the call. The frame itself is a page of this server and needs no ALLOWED_ORIGINS.',
  }),
} as const;

export const access = {
  authToken: setting('AUTH_TOKEN', optional(word), {
    default: undefined,
    defaultText: 'unset: anybody may join any room',
    secret: true,
    about:
      'With it, a join needs a room token, which `POST /api/rooms/:room/tokens` mints for whoever presents this value as a bearer token. Changing it ends all tokens that were minted so. It is in no token: Parley signs with a random key of its own ([decision 11](decisions/0011-room-tokens.md)). Under 16 characters it can be guessed; the start warns then. Without it the start says that rooms are open.',
  }),
  apiKeys: setting('API_KEYS', optional(apiKeys), {
    default: undefined,
    defaultText: 'none',
    secret: true,
    about:
      'With them, a join needs a room token too. An application’s server signs tokens itself with its key (HS256; deployment.md has the claims), or presents `id:secret` as the bearer token of `POST /api/rooms/:room/tokens`; it needs no AUTH_TOKEN, and has no other right. Several: one for each application, and the old one beside the new one while a key is changed. The first one also makes the key that Parley itself signs with, so that links survive whatever the store forgets; a new one in its place is put after it.',
  }),
  rejoinTtlSeconds: setting('REJOIN_TTL_SECONDS', integer(60, 86_400), {
    default: 900,
    about:
      'How long the server may be away, in a restart for instance, and participants of a call still get back into it although their invitations expired meanwhile. Clients in a call renew it. A quarter of an hour: longer than a release takes. A removal by a host ends it, for as long as the room lives.',
  }),
  tokenTtlSeconds: setting('TOKEN_TTL_SECONDS', integer(60, 31_536_000), {
    default: 86_400,
    about:
      'How long a room token is valid when its request does not say. A day: a link sent in the morning works in the evening.',
  }),
} as const;
