// A finger that moves sideways over the stage turns its page.

/** A shorter movement is a tap that slipped. CSS pixels. */
const LONG = 48;
/** A slower one is a finger that rests. Milliseconds. */
const QUICK_MS = 700;

export interface Movement {
  x: number;
  y: number;
  durationMs: number;
}

/** Pure. @returns the step that a movement asks for: 1 is the next page, which comes from the right */
export function swipeStep({ x, y, durationMs }: Movement): -1 | 1 | undefined {
  const sideways = Math.abs(x) >= LONG && Math.abs(x) > 2 * Math.abs(y);
  if (!sideways || durationMs > QUICK_MS) return undefined;
  return x < 0 ? 1 : -1;
}

/** @returns a function that ends it */
export function watchSwipes(element: HTMLElement, onSwipe: (step: -1 | 1) => void): () => void {
  let start: { id: number; x: number; y: number; at: number } | undefined;
  const begin = ({
    pointerType,
    pointerId,
    isPrimary,
    clientX,
    clientY,
    timeStamp,
  }: PointerEvent) => {
    // A second finger zooms.
    const fits = pointerType === 'touch' && isPrimary;
    start = fits ? { id: pointerId, x: clientX, y: clientY, at: timeStamp } : undefined;
  };
  const end = ({ pointerId, clientX, clientY, timeStamp }: PointerEvent) => {
    if (start?.id !== pointerId) return;
    const { x, y, at } = start;
    start = undefined;
    const step = swipeStep({ x: clientX - x, y: clientY - y, durationMs: timeStamp - at });
    if (step !== undefined) onSwipe(step);
  };
  const cancel = () => {
    start = undefined;
  };
  element.addEventListener('pointerdown', begin);
  element.addEventListener('pointerup', end);
  element.addEventListener('pointercancel', cancel);
  return () => {
    element.removeEventListener('pointerdown', begin);
    element.removeEventListener('pointerup', end);
    element.removeEventListener('pointercancel', cancel);
  };
}
