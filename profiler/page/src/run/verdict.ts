// The sentences that say what limits this network on this chip.
import {el} from '../dom';
import {percent} from '../format';
import {kLimits, kSlots, shortName} from '../words';
import {slotParts} from './slots';
import type {Parts, Run} from '../run_document';
import {sum} from '../run_document';

/** Cycles by what they are bound by: of the critical path, else the sums over the groups. */
export function limits(run: Run): Parts {
  return run.critical_path?.cycles ?? run.cycles_by_bound ?? {};
}

function ranked(parts: Parts): [name: string, share: number][] {
  const total = sum(parts);
  return Object.entries(parts)
    .filter(([, value]) => value > 0)
    .map(([name, value]): [string, number] => [name, value / total])
    .sort((a, b) => b[1] - a[1]);
}

/** Paragraphs; `open` shows a layer that one names. */
export function verdict(run: Run, open: (group: number) => void): HTMLElement[] {
  const sentences = [limitSentence(run), lossSentence(run)].filter((text) => text !== '');
  return [...sentences.map((text) => el('p', {}, text)), ...layerSentence(run, open)];
}

function limitSentence(run: Run): string {
  const [first, second] = ranked(limits(run));
  if (!first) return '';
  const name = (limit: string) => kLimits[limit]?.label ?? limit;
  const what = kLimits[first[0]]?.sentence ?? first[0];
  const where = run.critical_path?.cycles ? 'of the critical path' : 'of the time';
  const next =
    second && second[1] >= 0.05 ? `, then ${name(second[0])} with ${percent(second[1], 0)}` : '';
  return `Limited by ${name(first[0])}: ${percent(first[1], 0)} ${where} is ${what}${next}.`;
}

function lossSentence(run: Run): string {
  const slots = run.mac_slots;
  if (!slots || !slots.peak) return '';
  const done = slots.done / slots.peak;
  const losses = slotParts(slots)
    .filter((part) => part.key !== 'done' && part.value / slots.peak >= 0.05)
    .sort((a, b) => b.value - a.value)
    .slice(0, 2)
    .map(
      (part) => `${percent(part.value / slots.peak, 0)}: ${kSlots[part.key]?.why ?? part.label}`,
    );
  const lost = losses.length > 0 ? ` The largest losses: ${losses.join('; ')}.` : '';
  return `The MAC array does useful work in ${percent(done)} of its slots.${lost}`;
}

function layerSentence(run: Run, open: (group: number) => void): HTMLElement[] {
  const groups = (run.groups ?? []).map((group, index) => ({...group, index}));
  if (groups.length < 4) return [];
  const top = groups.sort((a, b) => (b.share ?? 0) - (a.share ?? 0)).slice(0, 3);
  const share = top.reduce((total, group) => total + (group.share ?? 0), 0);
  const sentence = el(
    'p',
    {},
    `Three of its ${groups.length} layers take ${percent(share, 0)} of the latency: `,
  );
  top.forEach((group, at) => {
    const show = () => open(group.index);
    const name = el('button', {type: 'button', class: 'link', onclick: show, title: group.name});
    name.append(shortName(group.name));
    sentence.append(name, at < 2 ? ', ' : '.');
  });
  return [sentence];
}
