// What limits the costliest layers and what would change it.
import {el} from '../dom';
import * as format from '../format';
import type {Run} from '../run_document';
import {section, type Section} from '../section';
import {causeVariable} from '../theme';
import {limit} from '../words';

export function advice(run: Run, open: (group: number) => void): Section | undefined {
  if (!run.advice || run.advice.length === 0) return undefined;
  const list = el('ol', {class: 'advice'});
  for (const item of run.advice) {
    const tag = el('span', {class: 'tag'}, limit(item.limit));
    tag.style.setProperty('--tag', causeVariable(item.limit));
    list.append(
      el(
        'li',
        {'data-group': item.group},
        el(
          'div',
          {class: 'line'},
          el('button', {type: 'button', class: 'link', onclick: () => open(item.group)}, item.name),
          tag,
          el('span', {class: 'muted'}, `${format.percent(item.latency_share)} of the latency`),
        ),
        el('p', {}, sentence(item.sentence)),
        item.change !== '' && el('p', {class: 'change'}, el('b', {}, 'Change: '), sentence(item.change), gain(run, item.gain_cycles)),
      ),
    );
  }
  return section('advice', 'What to change', 'The costliest layers, what limits each, and what would help.', list);
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

function gain(run: Run, cycles: number | null | undefined): HTMLElement | undefined {
  if (!cycles) return undefined;
  const share = run.latency_cycles ? `, ${format.percent(cycles / run.latency_cycles)} of the latency` : '';
  return el('span', {class: 'gain'}, ` Saves about ${format.cycles(cycles)} cycles${share}.`);
}
