// Every fusion group as a row that opens into its details.
import {el} from '../dom';
import * as format from '../format';
import type {Group, Run} from '../run_document';
import {section, type Section} from '../section';
import {Table, type Column} from '../table';
import {limit, limitTag, shortName} from '../words';
import {groupDetail} from './group_detail';

export interface Row {
  index: number;
  group: Partial<Group>;
}

export interface Layers extends Section {
  /** Shows the details of a group. */
  open(group: number): void;
}

export function layers(run: Run, showTime: (group: number) => void): Layers {
  const rows: Row[] = (run.groups ?? []).map((group, index) => ({index, group}));
  const table = new Table<Row>({
    label: 'Layers',
    columns: columns(rows),
    rows,
    search: ({group}) =>
      [
        group.name,
        group.kinds,
        group.shape,
        group.precision,
        limit(group.bound_by),
        ...(group.ops ?? []),
      ].join(' '),
    detail: (row) => groupDetail(run, row.group, () => showTime(row.index)),
    attributes: ({index}) => ({'data-group': index}),
  });
  const made = section(
    'layers',
    'Layers',
    'A row a fusion group: operators that run as one unit. Press a name for its details, a header to sort.',
    table.element,
  );
  return {...made, open: (group) => rows[group] && table.open(rows[group])};
}

function columns(rows: Row[]): Column<Row>[] {
  const most = Math.max(...rows.map(({group}) => group.share ?? 0), 1e-9);
  return [
    {
      key: 'name',
      label: 'Layer',
      value: ({index}) => index,
      text: ({group}) => group.name ?? format.kNone,
      cell: ({index, group}) =>
        el(
          'span',
          {class: 'layer', title: group.name},
          el('i', {}, `${index + 1}`),
          ` ${shortName(group.name)}`,
        ),
      title: 'In the order in which they run',
    },
    {
      key: 'latency_cycles',
      label: 'Cycles',
      value: ({group}) => group.latency_cycles,
      text: ({group}) => format.cycles(group.latency_cycles),
      title: 'From the completion of the groups before it to its own',
    },
    {
      key: 'share',
      label: 'Share',
      value: ({group}) => group.share,
      text: ({group}) => format.percent(group.share),
      bar: ({group}) => (group.share ?? 0) / most,
      title: 'Of the latency',
    },
    {
      key: 'bound_by',
      label: 'Bound by',
      value: ({group}) => limit(group.bound_by),
      text: ({group}) => limit(group.bound_by),
      cell: ({group}) => limitTag(group.bound_by),
      title: 'What most of its window is spent on',
    },
    {
      key: 'utilisation',
      label: 'Util.',
      value: ({group}) => (group.macs ? group.utilisation : undefined),
      text: ({group}) => (group.macs ? format.percent(group.utilisation) : format.kNone),
      title: 'Useful MACs over the peak of the array while it works on the group',
    },
    {
      key: 'macs',
      label: 'MACs',
      value: ({group}) => group.macs,
      text: ({group}) => format.count(group.macs),
    },
    {
      key: 'memory_bytes',
      label: 'Memory',
      value: ({group}) => (group.memory_read_bytes ?? 0) + (group.memory_write_bytes ?? 0),
      text: ({group}) =>
        format.bytes((group.memory_read_bytes ?? 0) + (group.memory_write_bytes ?? 0)),
      title: 'Bytes over the ports of all memories outside SRAM',
    },
    {
      key: 'sram_in_use_bytes',
      label: 'SRAM',
      value: ({group}) => group.sram_in_use_bytes,
      text: ({group}) => format.bytes(group.sram_in_use_bytes),
      title: 'Its buffers and what else is kept at the time, of one core',
    },
    {
      key: 'energy_pj',
      label: 'Energy',
      value: ({group}) => group.energy_pj,
      text: ({group}) => format.energy(group.energy_pj),
    },
    {
      key: 'kinds',
      label: 'Operators',
      value: ({group}) => group.kinds,
      text: ({group}) => (group.kinds ?? '').replaceAll('+', ' + '),
      wide: true,
    },
  ];
}
