// Why a Parley could not be asked, as a sentence for the operator who named its address. Pure.

/** Node.js codes for a certificate that no authority it trusts has signed. */
const NOT_TRUSTED: ReadonlySet<string> = new Set([
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const WHERE = 'Name the address of web with --server, or in PARLEY_URL.';

/**
 * @param error what `fetch` threw; only its code is shown, as its text may quote the token
 * @param timeoutMs after which it was given up
 */
export function connectionFailure({ origin, hostname }: URL, error: unknown, timeoutMs: number) {
  const code = codeOf(error);
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `${origin} has not answered within ${timeoutMs / 1_000} seconds. Look whether web runs there, and whether a firewall is in between.`;
  }
  if (code === 'ECONNREFUSED') {
    return `Nothing answers at ${origin}: the connection was refused. Start web there, or name its address with --server, or in PARLEY_URL.`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `Nothing answers at ${origin}: the name ${hostname} does not resolve (${code}). ${WHERE}`;
  }
  if (code !== undefined && NOT_TRUSTED.has(code)) {
    return `The certificate of ${origin} is not trusted (${code}). If it is your own, name its file, or that of what signed it, in NODE_EXTRA_CA_CERTS; the one of npm start -- --https is parley/tls/cert.pem in your cache folder, like ~/.cache.`;
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `The certificate of ${origin} is not valid now (${code}). Renew it, or set this machine's clock.`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `The certificate of ${origin} is for other names than ${hostname} (${code}). Name one of those with --server, or in PARLEY_URL.`;
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return `${origin} speaks no TLS (${code}): name it with http://, not https://.`;
  }
  const why = code ?? messageOf(error);
  return `${origin} cannot be asked${why === undefined ? '' : ` (${why})`}. ${WHERE}`;
}

/** @param location as the answer has it; its query is not shown, it may hold a token */
export function redirection(asked: URL, location: string | null): string {
  const { origin, pathname } = asked;
  const target =
    location !== null && URL.canParse(location, asked.href) ? new URL(location, asked) : undefined;
  if (!target || !/^https?:$/.test(target.protocol)) {
    return `${origin} redirects, and does not say where to. ${WHERE}`;
  }
  const place = `${target.origin}${target.pathname}`;
  if (target.origin === origin) {
    return `${origin} redirects to ${place}: it is not a Parley, or a proxy in front of it has trouble.`;
  }
  const named = place.endsWith(pathname) ? place.slice(0, -pathname.length) : place;
  return `${origin} redirects to ${named}: name that one with --server, or in PARLEY_URL.`;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : codeOf(error.cause);
}

/** The message of an error before anything was sent: it has no code. */
function messageOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
}
