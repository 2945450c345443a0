// The totals, and in plain words what limits the run.
import {el} from '../dom';
import * as format from '../format';
import type {Run} from '../run_document';
import {section, type Section} from '../section';
import {tiles, type Tile} from '../tiles';
import {limit} from '../words';
import {verdict} from './verdict';

export function summary(run: Run, open: (group: number) => void): Section {
  const words = el('div', {class: 'verdict'}, ...verdict(run, open));
  return section('summary', 'Summary', '', words, tiles(totals(run)), baseline(run) ?? el('div'));
}

function totals(run: Run): Tile[] {
  const memory = (run.dram_read_bytes ?? 0) + (run.dram_write_bytes ?? 0);
  return [
    {
      key: 'latency_us',
      label: 'Latency',
      value: format.time(run.latency_us),
      note: `${format.cycles(run.latency_cycles)} cycles at ${format.integer(run.clock_mhz)} MHz`,
    },
    {
      key: 'inferences_per_second',
      label: 'Throughput',
      value: `${format.number(run.inferences_per_second)}\u00a0/s`,
      note: 'inferences',
    },
    {key: 'bound_by', label: 'Bound by', value: limit(run.bound_by), note: roofline(run)},
    {
      key: 'utilisation',
      label: 'MAC utilisation',
      value: format.percent(run.utilisation),
      note: `${format.number(run.effective_tops)} of ${format.number(run.peak_tops)} TOPS`,
    },
    {
      key: 'energy_pj',
      label: 'Energy',
      value: format.energy(run.energy_pj),
      note: `${format.power(run.average_power_mw)} on average`,
    },
    {
      key: 'dram_bytes',
      label: 'Memory traffic',
      value: format.bytes(memory),
      note: `${format.bytes(run.dram_read_bytes)} read, ${format.bytes(run.dram_write_bytes)} written`,
    },
    {
      key: 'peak_sram_bytes',
      label: 'SRAM of one layer',
      value: format.bytes(run.peak_sram_bytes),
      note: `planned at most, of ${format.bytes(run.sram_bytes)}${(run.cores ?? 1) > 1 ? ' a core' : ''}`,
    },
    {
      key: 'parameter_bytes',
      label: 'Network',
      value: `${format.count(run.macs)} MACs`,
      note: `${format.bytes(run.parameter_bytes_as_run ?? run.parameter_bytes)} of parameters, ${format.bytes(run.peak_activation_bytes)} of activations at most`,
    },
  ];
}

function roofline(run: Run): string {
  if (!run.roofline_cycles || !run.latency_cycles) return '';
  return `${format.number(run.latency_cycles / run.roofline_cycles)}× the roofline's time`;
}

function baseline(run: Run): HTMLElement | undefined {
  const cpu = run.cpu_baseline;
  if (!cpu || !run.latency_us) return undefined;
  const energy = run.energy_pj
    ? `, ${format.number(cpu.energy_pj / run.energy_pj)}× the energy`
    : '';
  return el(
    'p',
    {class: 'note', id: 'cpu-baseline'},
    `For comparison, ${cpu.name}: ${format.time(cpu.latency_us)} and ${format.energy(cpu.energy_pj)}, ` +
      `${format.number(cpu.latency_us / run.latency_us)}× the latency${energy} (${cpu.source}).`,
  );
}
