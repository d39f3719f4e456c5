// The page's current address, and navigation without a reload.
import { computed, signal } from '@preact/signals';
import { type Route, routeOf } from '../address.ts';

const here = signal(new URL(location.href));

export const route = computed<Route>(() => routeOf(here.value));

export function navigate(path: string): void {
  history.pushState(null, '', path);
  update();
  scrollTo(0, 0);
}

/** Follows the browser's back and forward buttons, and fragments pasted into the address. */
export function watchLocation(): void {
  addEventListener('popstate', update);
}

/** Follows a link inside the page without a reload. */
export function followInside(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  navigate(event.currentTarget.pathname);
}

function update(): void {
  here.value = new URL(location.href);
}
