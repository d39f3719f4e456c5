// The mark and the name, which lead to the start page.
import { followInside } from './navigation.ts';

export function Brand() {
  return (
    <a class="brand" href="/" onClick={followInside}>
      <img src="/icon.svg" alt="" width="32" height="32" />
      Parley
    </a>
  );
}
