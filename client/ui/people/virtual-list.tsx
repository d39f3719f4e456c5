// A list of any length with only the rows in the document that are looked at.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { ROW_HEIGHT, type RowRange, rowsInView } from './rows.ts';

export interface VirtualListProps {
  /** The accessible name. */
  label: string;
  total: number;
  /** Another value scrolls to the top. */
  topOn: string;
  /** Tells which rows are drawn. */
  onRange: (range: RowRange) => void;
  /** Identifies what a row shows, so that its elements follow it when rows before it come or go. */
  keyOf: (index: number) => string;
  row: (index: number) => ComponentChildren;
}

export function VirtualList({ label, total, topOn, onRange, keyOf, row }: VirtualListProps) {
  const element = useRef<HTMLUListElement>(null);
  const top = useSignal(0);
  const height = useSignal(0);
  useLayoutEffect(() => {
    const list = element.current;
    if (!list) return;
    const measure = () => {
      height.value = list.clientHeight;
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (element.current) element.current.scrollTop = 0;
  }, [topOn]);
  // A row with the focus stays when it is scrolled away: the focus would be lost with it.
  const focused = useSignal<number | undefined>(undefined);
  const range = rowsInView(top.value, height.value, total);
  useEffect(() => onRange(range), [range.first, range.end]);
  const shown = new Set(Array.from({ length: range.end - range.first }, (_, n) => range.first + n));
  if (focused.value !== undefined && focused.value < total) shown.add(focused.value);
  return (
    <ul
      ref={element}
      class="rows"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also with the keyboard
      tabIndex={0}
      style={{ '--rows-height': `${total * ROW_HEIGHT}px` }}
      onFocusIn={({ target }) => {
        focused.value = indexOf(target);
      }}
      onFocusOut={() => {
        focused.value = undefined;
      }}
      onScroll={({ currentTarget: { scrollTop } }) => {
        // Whole rows: a list that is scrolled by a pixel is not drawn again.
        top.value = Math.floor(scrollTop / ROW_HEIGHT) * ROW_HEIGHT;
      }}
    >
      {[...shown]
        .sort((a, b) => a - b)
        .map((index) => (
          <li
            key={keyOf(index)}
            class="row"
            aria-setsize={total}
            aria-posinset={index + 1}
            style={{ translate: `0 ${index * ROW_HEIGHT}px` }}
          >
            {row(index)}
          </li>
        ))}
    </ul>
  );
}

function indexOf(target: EventTarget | null): number | undefined {
  const row = target instanceof Element ? target.closest('[aria-posinset]') : null;
  return row ? Number(row.getAttribute('aria-posinset')) - 1 : undefined;
}
