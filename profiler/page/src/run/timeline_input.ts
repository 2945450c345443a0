// Pointer, wheel and keys on the timeline.
import type {TimeRange} from './time_range';
import type {TimelineView} from './timeline_view';

interface Handlers {
  /** The cursor moved; `y` is of the pointer, if it was one. */
  point: (cycle: number, y?: number) => void;
  /** Enter: what is at the cursor shall open. */
  choose: (cycle: number) => void;
}

export function listen(view: TimelineView, range: TimeRange, handlers: Handlers): void {
  const {canvas} = view;
  listenToDrags(view, range, handlers);
  canvas.addEventListener('dblclick', () => range.reset());
  canvas.addEventListener('wheel', (event) => onWheel(event, view, range), {passive: false});
  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cursor = view.cursor ?? (range.begin + range.end) / 2;
    const move = (fraction: number) => {
      const cycle = Math.min(Math.max(cursor + fraction * range.length, 0), range.total);
      if (cycle < range.begin || cycle > range.end) range.pan(fraction > 0 ? 0.25 : -0.25);
      handlers.point(cycle);
    };
    const actions: Record<string, () => void> = {
      '+': () => range.zoom(cursor, 0.6),
      '=': () => range.zoom(cursor, 0.6),
      w: () => range.zoom(cursor, 0.6),
      '-': () => range.zoom(cursor, 1 / 0.6),
      s: () => range.zoom(cursor, 1 / 0.6),
      a: () => range.pan(-0.25),
      d: () => range.pan(0.25),
      ArrowLeft: () => (event.shiftKey ? range.pan(-0.25) : move(-0.01)),
      ArrowRight: () => (event.shiftKey ? range.pan(0.25) : move(0.01)),
      Home: () => range.reset(),
      '0': () => range.reset(),
      Enter: () => handlers.choose(cursor),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

// The wheel scrolls the page until the timeline has the focus, so that nobody is trapped in it.
function onWheel(event: WheelEvent, view: TimelineView, range: TimeRange): void {
  const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (!sideways && !event.ctrlKey && document.activeElement !== view.canvas) return;
  event.preventDefault();
  if (sideways) range.pan(event.deltaX / 800);
  else range.zoom(view.cycleAt(event.offsetX), Math.exp(event.deltaY / 400));
}

function listenToDrags(view: TimelineView, range: TimeRange, handlers: Handlers): void {
  const {canvas} = view;
  let from: number | undefined;
  canvas.addEventListener('pointerdown', (event) => {
    canvas.focus({preventScroll: true});
    if (event.button !== 0) return;
    from = event.offsetX;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    const cycle = view.cycleAt(event.offsetX);
    if (from !== undefined && Math.abs(event.offsetX - from) > 4)
      view.selection = [view.cycleAt(from), cycle];
    handlers.point(cycle, event.offsetY);
  });
  canvas.addEventListener('pointerup', () => {
    if (from === undefined) return;
    from = undefined;
    const {selection} = view;
    view.selection = undefined;
    if (selection) range.set(Math.min(...selection), Math.max(...selection));
  });
  canvas.addEventListener('pointercancel', () => {
    from = undefined;
    view.selection = undefined;
    view.redraw();
  });
}
