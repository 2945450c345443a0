// Two runs compared: a is before, b is after.
import {axis, chart, tooltip} from './chart';
import {el} from './dom';
import * as format from './format';
import {frame} from './frame';
import {section, type Section} from './section';
import {Table} from './table';
import {color} from './theme';
import {tiles, type Tile} from './tiles';
import {shortName} from './words';

interface Side {
  file?: string;
  model?: string;
  chip?: string;
  latency_us?: number;
}

interface GroupChange {
  name: string;
  /** The groups of each run that this row compares. */
  a_groups?: string[];
  b_groups?: string[];
  a_cycles: number | null;
  b_cycles: number | null;
  delta_us: number;
  share_of_change: number | null;
  why: string;
}

interface Total {
  name: string;
  unit: string;
  a: number | null;
  b: number | null;
  change_percent: number | null;
}

export interface DiffDocument {
  a?: Side;
  b?: Side;
  groups?: GroupChange[];
  totals?: Total[];
  warnings?: string[];
  /** What else differs: chip keys, options. */
  differences?: {key: string; a: string; b: string}[];
}

const kBars = 30;
const kHeadlines = [
  'latency_us',
  'inferences_per_second',
  'utilisation',
  'energy_pj',
  'average_power_mw',
  'dram_read_bytes',
  'dram_write_bytes',
  'peak_sram_bytes',
];

export function diffPage(root: HTMLElement, diff: DiffDocument): void {
  const groups = diff.groups ?? [];
  const name = (side: Side | undefined) => `${side?.model ?? '?'} on ${side?.chip ?? '?'}`;
  const sections: Section[] = [
    summary(diff),
    section(
      'changes',
      'Largest changes',
      'Microseconds that a layer takes more (right) or less (left) in b.',
      changes(groups),
    ),
    section('groups', 'Layers', 'Every layer of both runs, matched by name.', groupTable(groups)),
    section('totals', 'Totals', '', totalTable(diff.totals ?? [])),
  ];
  const files = diff.a?.file && diff.b?.file ? `: a is ${diff.a.file}, b is ${diff.b.file}` : '';
  frame(root, `${name(diff.a)} → ${name(diff.b)}`, `Comparison of two runs${files}`, sections);
}

function summary(diff: DiffDocument): Section {
  const differences = (diff.differences ?? []).flatMap((each) => [
    el('dt', {}, each.key),
    el('dd', {}, `${each.a ?? format.kNone} → ${each.b ?? format.kNone}`),
  ]);
  return section(
    'summary',
    'Summary',
    '',
    el('div', {class: 'verdict'}, el('p', {}, verdict(diff))),
    ...(diff.warnings ?? []).map((warning) => el('p', {class: 'warning'}, `Note: ${warning}.`)),
    tiles((diff.totals ?? []).filter((total) => kHeadlines.includes(total.name)).map(tile)),
    ...(differences.length > 0
      ? [el('h3', {}, 'What differs'), el('dl', {class: 'facts'}, ...differences)]
      : []),
  );
}

function verdict(diff: DiffDocument): string {
  const a = diff.a?.latency_us;
  const b = diff.b?.latency_us;
  if (!a || !b) return '';
  const top = largest(diff.groups ?? []).slice(0, 3);
  const where = top.map((group) => `${shortName(group.name)} (${delta(group.delta_us)})`);
  const most = where.length > 0 ? ` Most of the change is in ${where.join(', ')}.` : '';
  return `b takes ${format.time(b)} instead of ${format.time(a)}: ${comparison(a, b)}.${most}`;
}

/** Factors for large changes, percents for small ones. */
function comparison(a: number, b: number): string {
  if (a === b) return 'no change';
  const faster = b < a;
  const factor = faster ? a / b : b / a;
  if (factor >= 1.5) return `${format.number(factor)}× as ${faster ? 'fast' : 'long'}`;
  return `${format.percent(Math.abs(b / a - 1))} ${faster ? 'less' : 'more'}`;
}

function tile(total: Total): Tile {
  return {
    key: total.name,
    label: plainName(total.name),
    value: quantity(total.b, total.unit),
    note: `was ${quantity(total.a, total.unit)}${total.change_percent === null ? '' : `, ${format.signedPercent(total.change_percent / 100)}`}`,
  };
}

const kTotals: Record<string, string> = {
  latency_us: 'latency',
  inferences_per_second: 'inferences per second',
  energy_pj: 'energy',
  average_power_mw: 'average power',
  macs: 'MACs',
  macs_executed: 'MACs executed',
  utilisation: 'MAC utilisation',
  effective_tops: 'effective TOPS',
  peak_tops: 'peak TOPS',
  dram_read_bytes: 'memory read',
  dram_write_bytes: 'memory written',
  peak_sram_bytes: 'SRAM peak',
  parameter_bytes_as_run: 'parameters as run',
};

function plainName(name: string): string {
  return kTotals[name] ?? name.replaceAll('_', ' ');
}

function quantity(value: number | null, unit: string): string {
  switch (unit) {
    case 'us':
      return format.time(value);
    case 'bytes':
    case 'B':
      return format.bytes(value);
    case 'pJ':
    case 'pj':
      return format.energy(value);
    case 'mW':
    case 'mw':
      return format.power(value);
    case 'share':
    case 'ratio':
      return format.percent(value);
    case 'cycles':
      return format.cycles(value);
    case '':
      return value !== null && value >= 1e6 ? format.count(value) : format.number(value);
    default:
      return `${format.number(value)}\u00a0${unit}`.trim();
  }
}

function delta(microseconds: number): string {
  return format.signed(format.time(microseconds), microseconds);
}

function largest(groups: GroupChange[]): GroupChange[] {
  return groups
    .filter((group) => group.delta_us !== 0)
    .sort((a, b) => Math.abs(b.delta_us) - Math.abs(a.delta_us));
}

function changes(groups: GroupChange[]): HTMLElement {
  const shown = largest(groups).slice(0, kBars).reverse();
  return chart({
    label: 'Layers by change of latency; the table of layers has the same numbers',
    height: Math.max(160, 40 + 20 * shown.length),
    option: () => ({
      grid: {left: 8, right: 24, top: 8, bottom: 24, containLabel: true},
      tooltip: tooltip((item: {dataIndex: number}) => {
        const group = shown[item.dataIndex];
        return [
          group.name,
          `${delta(group.delta_us)}: ${cycleText(group.a_cycles)} → ${cycleText(group.b_cycles)} cycles`,
          group.why,
        ];
      }),
      xAxis: axis({
        type: 'value',
        axisLabel: {
          color: color('muted'),
          fontSize: 11,
          formatter: (value: number) => delta(value),
        },
      }),
      yAxis: axis({
        type: 'category',
        data: shown.map((group) => shortName(group.name)),
        axisLabel: {
          color: color('muted'),
          fontSize: 11,
          width: window.innerWidth < 600 ? 110 : 260,
          overflow: 'truncate',
        },
      }),
      series: [
        {
          type: 'bar',
          data: shown.map((group) => ({
            value: group.delta_us,
            itemStyle: {color: color(group.delta_us > 0 ? 'worse' : 'better')},
          })),
        },
      ],
    }),
  }).element;
}

function cycleText(value: number | null): string {
  return value === null || value === undefined ? 'not there' : format.cycles(value);
}

function groupTable(groups: GroupChange[]): HTMLElement {
  const most = Math.max(...groups.map((group) => Math.abs(group.delta_us)), 1e-9);
  return new Table<GroupChange>({
    label: 'Layers compared',
    columns: [
      {
        key: 'name',
        label: 'Layer',
        value: (group) => group.name,
        text: (group) => group.name,
        cell: (group) => el('span', {class: 'layer', title: group.name}, shortName(group.name)),
      },
      {
        key: 'a_cycles',
        label: 'Cycles a',
        value: (group) => group.a_cycles,
        text: (group) => format.cycles(group.a_cycles),
      },
      {
        key: 'b_cycles',
        label: 'Cycles b',
        value: (group) => group.b_cycles,
        text: (group) => format.cycles(group.b_cycles),
      },
      {
        key: 'delta_us',
        label: 'Change',
        value: (group) => group.delta_us,
        text: (group) => delta(group.delta_us),
        bar: (group) => Math.abs(group.delta_us) / most,
      },
      {
        key: 'share_of_change',
        label: 'Of the change',
        value: (group) => group.share_of_change,
        text: (group) => format.percent(group.share_of_change),
      },
      {
        key: 'why',
        label: 'Why',
        value: (group) => group.why,
        text: (group) => group.why ?? '',
        wrap: true,
      },
    ],
    rows: groups,
    search: (group) =>
      [group.name, group.why, ...(group.a_groups ?? []), ...(group.b_groups ?? [])].join(' '),
  }).element;
}

function totalTable(totals: Total[]): HTMLElement {
  return new Table<Total>({
    label: 'Totals compared',
    columns: [
      {
        key: 'name',
        label: 'Total',
        value: (total) => total.name,
        text: (total) => plainName(total.name),
      },
      {
        key: 'a',
        label: 'a',
        value: (total) => total.a,
        text: (total) => quantity(total.a, total.unit),
      },
      {
        key: 'b',
        label: 'b',
        value: (total) => total.b,
        text: (total) => quantity(total.b, total.unit),
      },
      {
        key: 'change_percent',
        label: 'Change',
        value: (total) => total.change_percent,
        text: (total) =>
          total.change_percent === null
            ? format.kNone
            : format.signedPercent(total.change_percent / 100),
      },
    ],
    rows: totals,
  }).element;
}
