// The rows of the timeline: the critical path, the layers, and every engine.
import {type PathStep, type Run, windows} from '../run_document';
import {engineName, kLimits, kStates} from '../words';

export interface Bar {
  begin: number;
  end: number;
  /** Index of the group, -1: none. */
  group: number;
  /** What has a colour in the theme; '' for the bars of layers. */
  cause: string;
  text: string;
}

export interface TimelineRow {
  name: string;
  /** By their begin, without overlap. */
  bars: Bar[];
}

export function timelineRows(run: Run): TimelineRow[] {
  const rows: TimelineRow[] = [];
  const path = run.critical_path?.path ?? [];
  if (path.length > 0) {
    const bars = path.map((step) => ({
      begin: step.begin_cycle,
      end: step.end_cycle,
      group: step.group,
      cause: step.reason,
      text: stepText(step),
    }));
    rows.push({name: 'critical path', bars});
  }
  const groups = windows(run).map((window, group) => ({
    ...window,
    group,
    cause: '',
    text: run.groups?.[group].name ?? '',
  }));
  rows.push({name: 'layer', bars: groups.filter((bar) => bar.end > bar.begin)});
  const states = run.timeline?.states ?? [];
  for (const engine of run.timeline?.engines ?? []) {
    const bars = engine.intervals.map(([begin, end, group, state]) => ({
      begin,
      end,
      group,
      cause: states[state] ?? 'other',
      text: kStates[states[state]] ?? states[state] ?? '',
    }));
    // An engine that this network never uses would be an empty row.
    if (bars.every((bar) => bar.cause === 'idle')) continue;
    rows.push({name: engineName(engine.engine, engine.core, engine.lane, run.cores ?? 1), bars});
  }
  return rows;
}

function stepText(step: PathStep): string {
  const limit = kLimits[step.reason]?.label ?? step.reason;
  const engine = step.engine ? ` on ${step.engine}` : '';
  return `${limit}${engine}, ${step.commands} ${step.commands === 1 ? 'command' : 'commands'}`;
}

/** The bar at a cycle, if any. */
export function barAt(row: TimelineRow, cycle: number): Bar | undefined {
  const bar = row.bars[lastAtOrBefore(row.bars, cycle, (each) => each.begin)];
  return bar && cycle < bar.end ? bar : undefined;
}

/** Index of the last item whose key is at most `key`, or -1; items are sorted by it. */
export function lastAtOrBefore<T>(items: T[], key: number, keyOf: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(items[middle]) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
