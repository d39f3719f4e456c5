// Addresses of pages as users type and paste them, in one form for the server and the page.

const PAGES = new Set(['admin', 'check', 'recordings']);

/**
 * The path of the page that is meant: `/R//blue/` is `/r/blue`, `/Check/` is `/check`.
 * @returns undefined where no page is meant
 */
export function pagePath(pathname: string): string | undefined {
  const [first = '', room, ...rest] = pathname.split('/').filter((part) => part !== '');
  const page = first.toLowerCase();
  if (rest.length > 0) return undefined;
  if (page === 'r') return room === undefined ? '/' : `/r/${room}`;
  if (room !== undefined) return /^(recordings|embed)$/.test(page) ? `/${page}/${room}` : undefined;
  if (page === '' || page === 'index.html') return '/';
  return PAGES.has(page) ? `/${page}` : undefined;
}
