// What a layer's row opens into.
import {el} from '../dom';
import * as format from '../format';
import {energyParts, type Group, type Parts, type Run} from '../run_document';
import {stackedBar} from '../stacked_bar';
import {causeVariable, energyVariable, seriesVariable} from '../theme';
import {kEnergy, kLimits, kReasons} from '../words';
import {chain} from './array';
import {slotParts} from './slots';

export function groupDetail(run: Run, group: Partial<Group>, showTime: () => void): HTMLElement {
  const box = el('div', {class: 'group-detail'});
  box.append(facts(run, group));
  const place = (title: string, content: HTMLElement) =>
    box.append(el('div', {}, el('h4', {}, title), content));
  if (group.critical_path)
    place('Critical path in its window', bar(group.critical_path, kLimits, format.cycles));
  if (group.mac_slots?.peak) {
    place('Array', chain(group.mac_slots));
    place(
      'Multiply-accumulate slots',
      stackedBar('Slots', slotParts(group.mac_slots), format.count),
    );
  }
  const energy = energyParts(group.energy_parts_pj);
  if (Object.keys(energy).length > 0) place('Energy', energyBar(energy));
  const traffic = both(group.memory_read_by_reason, group.memory_write_by_reason);
  if (Object.values(traffic).some((value) => value > 0))
    place('Memory traffic', trafficBar(traffic));
  if (run.timeline)
    box.append(
      el('button', {type: 'button', class: 'link', onclick: showTime}, 'Show on the timeline'),
    );
  return box;
}

function facts(run: Run, group: Partial<Group>): HTMLElement {
  const list: [string, string][] = [
    ['Shape', group.shape ?? format.kNone],
    ['Precision', group.precision || format.kNone],
    ['Latency', `${format.time(group.latency_us)}, ${format.cycles(group.latency_cycles)} cycles`],
    ['MACs', `${format.integer(group.macs)} (${format.integer(group.macs_executed)} executed)`],
    ['Commands', format.integer(group.commands)],
    ['Operators', (group.ops ?? []).join(', ')],
  ];
  if (group.achieved_gmacs && group.roof_gmacs)
    list.push([
      'Roofline',
      `${format.number(group.achieved_gmacs)} of ${format.number(group.roof_gmacs)} GMAC/s under the roof of ${roofName(group.roof)}`,
    ]);
  if (group.critical_path && run.clock_mhz && group.begin_cycle !== undefined)
    list.push([
      'Window',
      `cycles ${format.cycles(group.begin_cycle)} to ${format.cycles(group.end_cycle)}`,
    ]);
  return el(
    'dl',
    {class: 'facts'},
    ...list.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
  );
}

function roofName(roof: string | undefined): string {
  return roof === 'mac' ? 'the array' : (roof ?? format.kNone);
}

function bar(
  parts: Parts,
  words: Record<string, {label: string}>,
  text: (value: number) => string,
): HTMLElement {
  const list = Object.entries(parts).map(([key, value]) => ({
    key,
    label: words[key]?.label ?? key,
    value,
    color: causeVariable(key),
  }));
  return stackedBar('Cycles', list, text);
}

function energyBar(parts: Parts): HTMLElement {
  const names = Object.keys(parts);
  const list = names.map((key) => ({
    key,
    label: kEnergy[key] ?? key,
    value: parts[key],
    color: `var(--${energyVariable(key, names)})`,
  }));
  return stackedBar('Energy', list, format.energy);
}

function trafficBar(parts: Parts): HTMLElement {
  const list = Object.entries(parts).map(([label, value], index) => ({
    key: label,
    label,
    value,
    color: seriesVariable(index),
  }));
  return stackedBar('Bytes', list, format.bytes);
}

function both(read: Parts | undefined, written: Parts | undefined): Parts {
  const all: Parts = {};
  for (const [key, value] of Object.entries(read ?? {}))
    all[`${kReasons[key] ?? key} read`] = value;
  for (const [key, value] of Object.entries(written ?? {}))
    all[`${kReasons[key] ?? key} written`] = value;
  return all;
}
