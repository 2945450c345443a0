// From the array's peak to what it achieves: the factors, and every slot that is not used.
import {el} from '../dom';
import * as format from '../format';
import type {MacSlots, Run} from '../run_document';
import {section, type Section} from '../section';
import {stackedBar} from '../stacked_bar';
import {causeVariable} from '../theme';
import {kLimits} from '../words';
import {slotParts} from './slots';
import {limits} from './verdict';

const kFactors = ['memory', 'pipeline', 'lanes', 'recompute', 'idle'];
const kFactorWords: Record<string, string> = {
  memory: 'not waiting for memory',
  pipeline: 'streaming, not stalled',
  lanes: 'lanes filled',
  recompute: 'not computed again',
  idle: 'has work',
};

export function array(run: Run): Section {
  const content: Node[] = [];
  if (run.mac_slots) {
    content.push(chain(run.mac_slots));
    content.push(el('h3', {}, 'Multiply-accumulate slots'));
    content.push(stackedBar('Multiply-accumulate slots', slotParts(run.mac_slots), format.count));
  }
  content.push(el('h3', {}, run.critical_path?.cycles ? 'Critical path' : 'Cycles by limit'));
  content.push(stackedBar('Cycles', limitParts(run), (value) => `${format.cycles(value)} cycles`));
  return section(
    'array',
    'Where the time goes',
    'Peak times these factors is what the array achieves; the bars say where its slots and the critical path’s cycles go.',
    ...content,
  );
}

/** peak x memory x pipeline x ... = achieved. */
export function chain(slots: Partial<MacSlots>): HTMLElement {
  const row = el('div', {
    class: 'chain',
    role: 'group',
    'aria-label': 'Peak times factors is achieved',
  });
  const box = (key: string, value: string, label: string) =>
    el('div', {'data-factor': key}, el('b', {}, value), el('span', {}, label));
  row.append(box('peak', '100\u00a0%', 'of peak'));
  for (const factor of kFactors) {
    const value = slots.factors?.[factor];
    if (value === undefined) continue;
    const step = box(factor, format.percent(value), kFactorWords[factor] ?? factor);
    step.style.setProperty('--loss', String(1 - value));
    row.append(el('i', {'aria-hidden': 'true'}, '×'), step);
  }
  const achieved = slots.peak ? (slots.done ?? 0) / slots.peak : 0;
  const result = box('achieved', format.percent(achieved), 'useful work');
  result.classList.add('result');
  row.append(el('i', {'aria-hidden': 'true'}, '='), result);
  return row;
}

function limitParts(run: Run) {
  return Object.entries(limits(run)).map(([key, value]) => ({
    key,
    label: kLimits[key]?.label ?? key,
    why: kLimits[key]?.sentence,
    value,
    color: causeVariable(key),
  }));
}
