// The tiles of a call, each in the rectangle that layout.ts gives it.
import { ChevronLeft, ChevronRight } from 'lucide';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { CallModel } from '../call/call-model.ts';
import { Invite } from '../call/controls/invite.tsx';
import { Icon } from '../kit/icon.tsx';
import type { RoomSession } from '../room/session.ts';
import { rectStyle } from './rect-style.ts';
import { TileView } from './tile-view.tsx';

export interface StageProps {
  model: CallModel;
  session: RoomSession;
}

export function Stage({ model, session }: StageProps) {
  const element = useRef<HTMLDivElement>(null);
  useStageSize(element, model);
  const { placements, page, pages } = model.layout.value;
  const rects = new Map(placements.map((placement) => [placement.id, placement]));
  return (
    <>
      <div ref={element} class="stage">
        {/* In the order of the joins, so that no element ever moves in the document. */}
        {model.tiles.value.map((tile) => {
          const rect = rects.get(tile.id);
          if (!rect) return null;
          if (tile.kind !== 'invite') {
            return (
              <TileView key={tile.id} tile={tile} rect={rect} model={model} media={session.media} />
            );
          }
          return (
            <div key={tile.id} class="invite-place" style={rectStyle(rect)}>
              <Invite room={session.room} closed={session.claims.value.role !== undefined} />
            </div>
          );
        })}
      </div>
      {pages > 1 && (
        <nav class="pager" aria-label="Pages of people">
          <PagerButton label="Previous people" icon={ChevronLeft} to={page - 1} model={model} />
          <p>
            <span class="sr-only">Page </span>
            {page + 1} of {pages}
          </p>
          <PagerButton label="Next people" icon={ChevronRight} to={page + 1} model={model} />
        </nav>
      )}
    </>
  );
}

interface PagerButtonProps {
  label: string;
  icon: typeof ChevronLeft;
  to: number;
  model: CallModel;
}

function PagerButton({ label, icon, to, model }: PagerButtonProps) {
  const there = to >= 0 && to < model.layout.value.pages;
  return (
    <button
      type="button"
      class="button quiet square small"
      aria-label={label}
      aria-disabled={!there}
      onClick={() => {
        if (there) model.page.value = to;
      }}
    >
      <Icon icon={icon} size={20} />
    </button>
  );
}

function useStageSize(element: { current: HTMLDivElement | null }, model: CallModel): void {
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return;
    const measure = () => {
      const { width, height } = model.viewport.peek();
      const { clientWidth, clientHeight } = node;
      if (width === clientWidth && height === clientHeight) return;
      model.viewport.value = { width: clientWidth, height: clientHeight };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, [model]);
  // Tiles glide when their number changes or a panel opens, but follow a window's edge at once.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onResize = () => {
      element.current?.setAttribute('data-resizing', '');
      clearTimeout(timer);
      timer = setTimeout(() => element.current?.removeAttribute('data-resizing'), 200);
    };
    onResize();
    addEventListener('resize', onResize);
    return () => {
      clearTimeout(timer);
      removeEventListener('resize', onResize);
    };
  }, []);
}
