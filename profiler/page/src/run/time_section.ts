// The timeline with SRAM beneath it, and what happens at the pointer.
import {choice, clear, el, swatch} from '../dom';
import * as format from '../format';
import type {Run} from '../run_document';
import {section, type Section} from '../section';
import {causeVariable, seriesVariable} from '../theme';
import {kLimits, kStates, shortName} from '../words';
import {bytesAt, kUses, sramSteps, tensorsAt, useIndex} from './sram_steps';
import {TimeRange} from './time_range';
import {listen} from './timeline_input';
import {barAt, type TimelineRow, timelineRows} from './timeline_rows';
import {TimelineView} from './timeline_view';

export interface TimeSection extends Section {
  /** Shows the window of a group. */
  showGroup(group: number): void;
}

const kMost = 12;

export function timeSection(run: Run, open: (group: number) => void): TimeSection {
  const rows = timelineRows(run);
  const total = Math.max(...rows.flatMap((row) => row.bars.slice(-1).map((bar) => bar.end)), 1);
  const range = new TimeRange(total);
  const view = new TimelineView(run, rows, range);
  const readout = el('div', {class: 'readout', 'aria-live': 'polite'});
  const steps = sramSteps(run);
  const layers = rows.find((row) => row.name === 'layer')!;

  const point = (cycle: number, y?: number) => {
    view.cursor = cycle;
    view.redraw();
    const row = y === undefined ? undefined : view.rowAt(y);
    clear(readout);
    readout.append(
      moment(run, rows, cycle, {pointed: row?.name, open}),
      memory(run, cycle, bytesAt(steps, cycle)),
    );
  };
  const choose = (cycle: number) => {
    const bar = barAt(layers, cycle);
    if (bar) open(bar.group);
  };
  view.canvas.tabIndex = 0;
  view.canvas.setAttribute('role', 'application');
  view.canvas.setAttribute(
    'aria-label',
    'Timeline: arrows move the pointer, plus and minus zoom, shift with arrows pans, Home shows all, Enter opens the layer',
  );
  listen(view, range, {point, choose});
  const peak = run.memory_profile?.sram_peak;
  point(peak?.cycle ?? 0);

  const made = section(
    'timeline',
    'Timeline and SRAM',
    'Every engine over the run, and the SRAM of core 0. A layer owns the time from the completion of those before it to its own; engines work ahead. Drag over a range or turn the wheel (after a click) to zoom, double-click to see all; keys: + − ← → Home, Enter for the layer.',
    controls(view, range, run, point),
    legendOf(rows.flatMap((row) => row.bars.map((bar) => bar.cause))),
    el('div', {class: 'timeline'}, view.canvas),
    readout,
  );
  return {
    ...made,
    showGroup(group) {
      const bar = layers.bars.find((each) => each.group === group);
      if (!bar) return;
      const margin = (bar.end - bar.begin) * 0.1;
      range.set(bar.begin - margin, bar.end + margin);
      point(bar.begin);
      made.element.scrollIntoView({block: 'start'});
      view.canvas.focus({preventScroll: true});
    },
  };
}

function controls(
  view: TimelineView,
  range: TimeRange,
  run: Run,
  point: (cycle: number) => void,
): HTMLElement {
  const middle = () => view.cursor ?? (range.begin + range.end) / 2;
  const button = (text: string, label: string, action: () => void) =>
    el('button', {type: 'button', 'aria-label': label, title: label, onclick: action}, text);
  const shown = el('span', {class: 'muted', id: 'timeline-range'});
  const say = () => {
    shown.textContent = `cycles ${format.cycles(range.begin)} to ${format.cycles(range.end)}`;
  };
  range.onChange(say);
  say();
  const peak = run.memory_profile?.sram_peak;
  return el(
    'div',
    {class: 'controls'},
    el(
      'div',
      {class: 'choice'},
      button('−', 'Zoom out', () => range.zoom(middle(), 1 / 0.6)),
      button('+', 'Zoom in', () => range.zoom(middle(), 0.6)),
      button('◂', 'Earlier', () => range.pan(-0.25)),
      button('▸', 'Later', () => range.pan(0.25)),
      button('All', 'Show all', () => range.reset()),
    ),
    run.memory_profile?.sram_tensors &&
      choice(
        'SRAM',
        [
          {value: 'bytes', text: 'SRAM in use'},
          {value: 'addresses', text: 'SRAM addresses'},
        ],
        view.mode,
        (value) => {
          view.mode = value;
          view.redraw();
        },
      ),
    peak && el('button', {type: 'button', onclick: () => point(peak.cycle)}, 'Go to the SRAM peak'),
    shown,
  );
}

function legendOf(causes: string[]): HTMLElement {
  const present = new Set(causes);
  const list = el('ul', {class: 'keys'});
  const done = new Set<string>();
  for (const [key, label] of [
    ...Object.entries(kStates),
    ...Object.entries(kLimits).map(([k, v]) => [k, v.label]),
  ] as [string, string][]) {
    const paint = causeVariable(key);
    if (!present.has(key) || done.has(paint)) continue;
    done.add(paint);
    list.append(el('li', {}, swatch(paint), label));
  }
  return list;
}

/** What every row does at a cycle. */
function moment(
  run: Run,
  rows: TimelineRow[],
  cycle: number,
  {pointed, open}: {pointed?: string; open: (group: number) => void},
): HTMLElement {
  const time = run.clock_mhz ? `, ${format.time(cycle / run.clock_mhz)}` : '';
  const list = el('dl', {class: 'facts moments'});
  const current = rows.map((row) => barAt(row, cycle));
  const layer = current[rows.findIndex((row) => row.name === 'layer')]?.group;
  rows.forEach((row, index) => {
    const bar = current[index];
    // Engines also work ahead for the next layer, or still for the last.
    const other =
      bar && bar.group >= 0 && bar.group !== layer
        ? ` · ${shortName(run.groups?.[bar.group]?.name)}`
        : '';
    const mark = row.name === pointed ? {class: 'pointed'} : {};
    const text = bar ? bar.text + other : format.kNone;
    const content =
      bar && bar.cause === ''
        ? el('button', {type: 'button', class: 'link', onclick: () => open(bar.group)}, text)
        : text;
    list.append(el('dt', mark, row.name), el('dd', {...mark, title: text}, content));
  });
  return el('div', {class: 'moment'}, el('h3', {}, `Cycle ${format.cycles(cycle)}${time}`), list);
}

/** What lives in SRAM at a cycle. */
function memory(run: Run, cycle: number, inUse: number): HTMLElement {
  const tensors = tensorsAt(run, cycle);
  const share = run.sram_bytes ? ` (${format.percent(inUse / run.sram_bytes)})` : '';
  const peak = run.memory_profile?.sram_peak?.cycle === cycle ? ', the peak' : '';
  const list = el('ul', {class: 'legend tensors'});
  for (const tensor of tensors.slice(0, kMost)) {
    list.append(
      el(
        'li',
        {},
        swatch(seriesVariable(useIndex(tensor.use))),
        el('span', {class: 'name', title: tensor.name}, tensor.name),
        el('span', {class: 'share'}, kUses[tensor.use] ?? tensor.use),
        el('span', {class: 'value'}, format.bytes(tensor.bytes)),
      ),
    );
  }
  const rest = tensors.slice(kMost);
  if (rest.length > 0) {
    const bytes = rest.reduce((total, tensor) => total + tensor.bytes, 0);
    list.append(el('li', {class: 'muted'}, `and ${rest.length} more with ${format.bytes(bytes)}`));
  }
  return el(
    'div',
    {class: 'moment', id: 'sram-moment'},
    el('h3', {}, `SRAM ${format.bytes(inUse)}${share}${peak}`),
    tensors.length > 0 ? list : el('p', {class: 'muted'}, 'No tensors are listed for this cycle.'),
  );
}
