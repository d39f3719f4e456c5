// HTTP, and who may come in.

import { host, origin, portOrAny, word } from '../parsers.ts';
import { flag, integer, list, optional, setting } from '../setting.ts';

export const http = {
  port: setting('PORT', portOrAny, {
    default: 3000,
    about: 'TCP port of the web server. 0 takes any free port.',
  }),
  host: setting('HOST', host, {
    default: '0.0.0.0',
    about: 'Address the web server listens on. The default is reachable from outside.',
  }),
  trustProxy: setting('TRUST_PROXY', flag, {
    default: false,
    about:
      'Believe `X-Forwarded-*` headers. Only behind a proxy that sets them: otherwise anybody may forge their address.',
  }),
  allowedOrigins: setting('ALLOWED_ORIGINS', optional(list(origin)), {
    default: undefined,
    defaultText: 'the server’s own',
    about:
      'Origins of other pages that may open calls here. A browser sends the page’s origin; without this check any page could act with its visitor’s network position.',
  }),
} as const;

export const access = {
  authToken: setting('AUTH_TOKEN', optional(word), {
    default: undefined,
    defaultText: 'unset: anybody may join any room',
    secret: true,
    about:
      'With it, a join needs a room token, which `POST /api/rooms/:room/tokens` mints for whoever presents this value as a bearer token. Room tokens are signed with a key derived from it: changing it ends all of them. Under 16 characters it can be guessed; the start warns then. Without it the start says that rooms are open.',
  }),
  tokenTtlSeconds: setting('TOKEN_TTL_SECONDS', integer(60, 31_536_000), {
    default: 86_400,
    about:
      'How long a room token is valid when its request does not say. A day: a link sent in the morning works in the evening.',
  }),
} as const;
