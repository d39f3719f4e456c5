// The tiles of a call, each in the rectangle that layout.ts gives it.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { CallModel } from '../call/call-model.ts';
import { Invite } from '../call/controls/invite.tsx';
import { shows } from '../call/controls/shown.ts';
import type { RoomSession } from '../room/session.ts';
import { Pager } from './pager.tsx';
import { rectStyle } from './rect-style.ts';
import type { StageModel } from './stage-model.ts';
import { watchSwipes } from './swipe.ts';
import { TileView } from './tile-view.tsx';
import { isShown } from './tiles.ts';

export interface StageProps {
  model: CallModel;
  session: RoomSession;
}

export function Stage({ model, session }: StageProps) {
  const { stage } = model;
  const element = useRef<HTMLDivElement>(null);
  useStageSize(element, model);
  useEffect(() => {
    if (element.current) return watchSwipes(element.current, (step) => stage.turnPage(step));
  }, [stage]);
  const rects = new Map(stage.layout.value.placements.map((rect) => [rect.id, rect]));
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the buttons inside */}
      <div ref={element} class="stage" onKeyDown={(event) => moveFocus(event, stage)}>
        {/* In the order of the joins, so that no element ever moves in the document. */}
        {stage.inDocument.value.map((tile) => {
          const rect = rects.get(tile.id);
          if (isShown(tile)) {
            return (
              <TileView key={tile.id} tile={tile} rect={rect} model={model} media={session.media} />
            );
          }
          if (tile.kind === 'waiting') {
            return rect && <div key={tile.id} class="tile-waiting" style={rectStyle(rect)} />;
          }
          return (
            rect && (
              <div key={tile.id} class="invite-place" style={rectStyle(rect)}>
                <Invite
                  room={session.room}
                  closed={session.claims.value.role !== undefined}
                  withLink={shows(session, 'link')}
                />
              </div>
            )
          );
        })}
      </div>
      <Pager stage={stage} />
    </>
  );
}

/** Where the Tab key stops at one tile of many, arrows lead from tile to tile. */
function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }, stage: StageModel): void {
  const step = ({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 } as const)[event.key];
  const { target, currentTarget } = event;
  if (step === undefined || !(target instanceof Element)) return;
  const from = target.closest<HTMLElement>('[data-tile]')?.dataset.tile;
  const to = from === undefined ? undefined : stage.neighbour(from, step);
  if (to === undefined || target.closest('dialog')) return;
  event.preventDefault();
  currentTarget.querySelector<HTMLElement>(`[data-tile="${CSS.escape(to)}"] .tile-action`)?.focus();
}

function useStageSize(
  element: { current: HTMLDivElement | null },
  { stage: { viewport } }: CallModel,
): void {
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return;
    const measure = () => {
      const { width, height } = viewport.peek();
      const { clientWidth, clientHeight } = node;
      if (width === clientWidth && height === clientHeight) return;
      viewport.value = { width: clientWidth, height: clientHeight };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, [viewport]);
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
