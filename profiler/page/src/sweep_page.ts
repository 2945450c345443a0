// Many chips for one network: which points no other beats, and where the front bends.
import {axis, chart, legend, tooltip} from './chart';
import {choice, el} from './dom';
import * as format from './format';
import {frame} from './frame';
import {section, type Section} from './section';
import {Table, type Column} from './table';
import {color, seriesColor} from './theme';
import {tiles} from './tiles';
import {limit} from './words';

interface Point {
  values: Record<string, number | string>;
  ok: boolean;
  error?: string | null;
  latency_us?: number | null;
  energy_pj?: number | null;
  area_mm2?: number | null;
  utilisation?: number | null;
  peak_sram_bytes?: number | null;
  bound_by?: string | null;
  pareto?: boolean;
  knee?: boolean;
}

export interface SweepDocument {
  model?: string;
  chip?: string;
  axes?: {key: string; values: (number | string)[]}[];
  points?: Point[];
}

type Measure = 'latency_us' | 'energy_pj' | 'area_mm2' | 'utilisation' | 'peak_sram_bytes';

const kMeasures: Record<
  Measure,
  {label: string; text: (value: number | null | undefined) => string}
> = {
  latency_us: {label: 'Latency', text: format.time},
  energy_pj: {label: 'Energy', text: format.energy},
  area_mm2: {
    label: 'Area',
    text: (value) => (value == null ? format.kNone : `${format.number(value)}\u00a0mm²`),
  },
  utilisation: {label: 'Utilisation', text: format.percent},
  peak_sram_bytes: {label: 'SRAM peak', text: format.bytes},
};

export function sweepPage(root: HTMLElement, sweep: SweepDocument): void {
  const points = sweep.points ?? [];
  const axes = sweep.axes ?? [];
  const failed = points.filter((point) => !point.ok);
  const sections: Section[] = [
    section(
      'summary',
      'Summary',
      '',
      el('div', {class: 'verdict'}, ...verdict(points).map((text) => el('p', {}, text))),
      headline(points),
    ),
    pareto(
      points,
      axes.map((each) => each.key),
    ),
    section(
      'points',
      'Points',
      'Every point of the grid; the ones on the front are marked.',
      pointTable(
        points,
        axes.map((each) => each.key),
      ),
    ),
  ];
  if (failed.length > 0) sections.push(section('failed', 'Failed points', '', failures(failed)));
  const varied = axes.map((each) => `${each.key} = ${each.values.join(', ')}`).join('; ');
  frame(root, `Sweep: ${sweep.model ?? '?'} on ${sweep.chip ?? '?'}`, varied, sections);
}

function pointName(point: Point): string {
  return Object.entries(point.values ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

function verdict(points: Point[]): string[] {
  const good = points.filter((point) => point.ok);
  const front = good.filter((point) => point.pareto);
  const knee = good.find((point) => point.knee);
  const lines = [
    `${front.length} of ${good.length} points are on the front of latency, energy and area: no other point is better in one and no worse in the rest.`,
  ];
  if (knee)
    lines.push(
      `The knee, the front’s best balance of latency, energy and area: ${pointName(knee)} with ${format.time(knee.latency_us)}, ` +
        `${format.energy(knee.energy_pj)} and ${kMeasures.area_mm2.text(knee.area_mm2)}.`,
    );
  return lines;
}

function headline(points: Point[]): HTMLElement {
  const good = points.filter((point) => point.ok);
  const least = (measure: Measure) => {
    const list = good.filter((point) => typeof point[measure] === 'number');
    return list.sort((a, b) => a[measure]! - b[measure]!)[0] as Point | undefined;
  };
  const tile = (measure: Measure, label: string) => {
    const point = least(measure);
    return {
      key: measure,
      label,
      value: kMeasures[measure].text(point?.[measure]),
      note: point ? pointName(point) : '',
    };
  };
  return tiles([
    {
      key: 'points',
      label: 'Points',
      value: format.integer(points.length),
      note: good.length < points.length ? `${points.length - good.length} failed` : 'all ran',
    },
    tile('latency_us', 'Fastest'),
    tile('energy_pj', 'Least energy'),
    tile('area_mm2', 'Smallest'),
  ]);
}

function pareto(points: Point[], keys: string[]): Section {
  let x: Measure = 'area_mm2';
  let y: Measure = 'latency_us';
  let by = keys[0] ?? '';
  const drawing = chart({
    label: 'Points of the sweep; the table of points has the same numbers',
    height: 400,
    option: () => option(points, x, y, by),
  });
  const measures = (Object.keys(kMeasures) as Measure[]).map((value) => ({
    value,
    text: kMeasures[value].label,
  }));
  const pick = (label: string, chosen: Measure, change: (value: Measure) => void) =>
    el(
      'label',
      {class: 'picker'},
      `${label} `,
      choice(label, measures, chosen, (value) => {
        change(value);
        drawing.update();
      }),
    );
  const controls = el(
    'div',
    {class: 'controls'},
    pick('x', x, (value) => (x = value)),
    pick('y', y, (value) => (y = value)),
  );
  if (keys.length > 1)
    controls.append(
      el(
        'label',
        {class: 'picker'},
        'colour ',
        choice(
          'Colour',
          keys.map((value) => ({value, text: value})),
          by,
          (value) => {
            by = value;
            drawing.update();
          },
        ),
      ),
    );
  return section(
    'pareto',
    'Pareto',
    'Large and solid: on the front of latency, energy and area together. Ringed: the knee.',
    controls,
    drawing.element,
  );
}

function option(points: Point[], x: Measure, y: Measure, by: string) {
  const shown = points.filter((point) => point.ok && point[x] != null && point[y] != null);
  const groups = [...new Set(shown.map((point) => String(point.values[by] ?? '')))];
  const scale = (measure: Measure) =>
    axis({
      type: 'value',
      scale: true,
      name: kMeasures[measure].label,
      nameLocation: 'middle',
      nameGap: measure === x ? 28 : 62,
      axisLabel: {
        color: color('muted'),
        fontSize: 11,
        formatter: (value: number) => kMeasures[measure].text(value),
      },
    });
  const of = (group: string) => shown.filter((point) => String(point.values[by] ?? '') === group);
  return {
    grid: {left: 84, right: 20, top: 36, bottom: 44},
    legend: legend(groups.map((group) => `${by}=${group}`)),
    tooltip: tooltip((item: {seriesIndex: number; dataIndex: number}) => {
      const point = of(groups[item.seriesIndex])[item.dataIndex];
      const measured = (Object.keys(kMeasures) as Measure[]).map(
        (measure) => `${kMeasures[measure].label}: ${kMeasures[measure].text(point[measure])}`,
      );
      return [
        pointName(point),
        ...measured,
        point.knee ? 'The knee' : point.pareto ? 'On the front' : '',
      ];
    }),
    xAxis: scale(x),
    yAxis: scale(y),
    series: groups.map((group, index) => ({
      type: 'scatter',
      name: `${by}=${group}`,
      itemStyle: {color: seriesColor(index)},
      data: of(group).map((point) => ({
        value: [point[x], point[y]],
        symbolSize: point.pareto ? 13 : 8,
        itemStyle: {
          opacity: point.pareto ? 0.95 : 0.5,
          borderColor: point.knee ? color('ink') : color('panel'),
          borderWidth: point.knee ? 3 : 1,
        },
      })),
    })),
  };
}

function pointTable(points: Point[], keys: string[]): HTMLElement {
  const columns: Column<Point>[] = [
    ...keys.map((key): Column<Point> => ({
      key,
      label: key,
      value: (point) => point.values[key],
      text: (point) => String(point.values[key] ?? format.kNone),
    })),
    ...(Object.keys(kMeasures) as Measure[]).map((measure): Column<Point> => ({
      key: measure,
      label: kMeasures[measure].label,
      value: (point) => point[measure],
      text: (point) => kMeasures[measure].text(point[measure]),
    })),
    {
      key: 'bound_by',
      label: 'Bound by',
      value: (point) => point.bound_by ?? '',
      text: (point) => (point.bound_by ? limit(point.bound_by) : ''),
    },
    {
      key: 'front',
      label: 'Front',
      value: (point) => mark(point),
      text: (point) => mark(point),
    },
  ];
  return new Table<Point>({
    label: 'Points of the sweep',
    columns,
    rows: points,
    search: (point) => `${pointName(point)} ${mark(point)}`,
    attributes: (point) => ({class: point.pareto ? 'marked' : ''}),
  }).element;
}

function mark(point: Point): string {
  if (!point.ok) return 'failed';
  return point.knee ? 'knee' : point.pareto ? 'front' : '';
}

function failures(points: Point[]): HTMLElement {
  return el(
    'ul',
    {class: 'failures'},
    ...points.map((point) => el('li', {}, el('b', {}, pointName(point)), ` ${point.error ?? ''}`)),
  );
}
