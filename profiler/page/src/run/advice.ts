// What limits the costliest layers and what would change it; what other chips would do.
import {el} from '../dom';
import * as format from '../format';
import type {Run, WhatIf} from '../run_document';
import {section, type Section} from '../section';
import {Table} from '../table';
import {limit, limitTag, shortName} from '../words';

export function advice(run: Run, open: (group: number) => void): Section | undefined {
  const items = run.advice ?? [];
  const variants = run.what_if ?? [];
  if (items.length === 0 && variants.length === 0) return undefined;
  const list = el('ol', {class: 'advice'});
  for (const item of items) {
    list.append(
      el(
        'li',
        {'data-group': item.group},
        el(
          'div',
          {class: 'line'},
          el(
            'button',
            {type: 'button', class: 'link', onclick: () => open(item.group ?? 0), title: item.name},
            shortName(item.name),
          ),
          limitTag(item.bound_by),
          el('span', {class: 'muted'}, `${format.percent(item.latency_share)} of the latency`),
        ),
        el('p', {}, item.limit),
        item.change &&
          el(
            'p',
            {class: 'change'},
            el('b', {}, 'Change: '),
            item.change,
            gain(run, item.gain_cycles),
          ),
      ),
    );
  }
  return section(
    'advice',
    'What to change',
    'The costliest layers, what limits each, and what would help.',
    list,
    el('h3', {}, 'Other chips'),
    variants.length > 0
      ? whatIf(run, variants)
      : el(
          'p',
          {class: 'note'},
          'presil simulate --what-if simulates this network on the chip with twice the SRAM, bandwidth or array, too.',
        ),
  );
}

function gain(run: Run, cycles: number | null | undefined): HTMLElement | undefined {
  if (!cycles) return undefined;
  const share = run.latency_cycles
    ? `, ${format.percent(cycles / run.latency_cycles)} of the latency`
    : '';
  return el('span', {class: 'gain'}, ` To gain: about ${format.cycles(cycles)} cycles${share}.`);
}

function whatIf(run: Run, variants: WhatIf[]): HTMLElement {
  const ratio = (value: number | undefined, of: number | undefined) =>
    value !== undefined && of ? value / of - 1 : undefined;
  return new Table<WhatIf>({
    label: 'The same network on changed chips, simulated',
    columns: [
      {
        key: 'change',
        label: 'With',
        value: (each) => each.change,
        text: (each) => each.change,
        cell: (each) => el('span', {title: each.keys}, each.change),
      },
      {
        key: 'latency_us',
        label: 'Latency',
        value: (each) => each.latency_us,
        text: (each) => format.time(each.latency_us),
      },
      {
        key: 'latency_change',
        label: 'Change',
        value: (each) => ratio(each.latency_cycles, run.latency_cycles),
        text: (each) => format.signedPercent(ratio(each.latency_cycles, run.latency_cycles)),
      },
      {
        key: 'energy_pj',
        label: 'Energy',
        value: (each) => each.energy_pj,
        text: (each) => format.energy(each.energy_pj),
      },
      {
        key: 'energy_change',
        label: 'Change',
        value: (each) => ratio(each.energy_pj, run.energy_pj),
        text: (each) => format.signedPercent(ratio(each.energy_pj, run.energy_pj)),
      },
      {
        key: 'dram_bytes',
        label: 'Memory',
        value: (each) => each.dram_bytes,
        text: (each) => format.bytes(each.dram_bytes),
      },
      {
        key: 'bound_by',
        label: 'Bound by',
        value: (each) => each.bound_by ?? each.reason,
        text: (each) => (each.bound_by ? limit(each.bound_by) : each.reason),
        wide: true,
      },
    ],
    rows: variants,
  }).element;
}
