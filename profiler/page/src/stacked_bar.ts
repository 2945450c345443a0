// A whole cut into parts: one bar, and a legend that names every part with its number.
import {el, swatch} from './dom';
import {percent} from './format';

export interface Part {
  key: string;
  label: string;
  value: number;
  color: string;
  /** Explains the part. */
  why?: string;
}

/** `text` writes a part's value. Parts of 0 are left out. */
export function stackedBar(
  label: string,
  parts: Part[],
  text: (value: number) => string,
): HTMLElement {
  const total = parts.reduce((sum, part) => sum + part.value, 0);
  const present = parts.filter((part) => part.value > 0);
  const bar = el('div', {
    class: 'stack',
    role: 'img',
    'aria-label': `${label}: ${spoken(present, total)}`,
  });
  const legend = el('ul', {class: 'legend'});
  for (const part of present) {
    const share = part.value / total;
    const block = el('span', {
      title: `${part.label}: ${text(part.value)}, ${percent(share)}`,
      'data-part': part.key,
    });
    block.style.width = `${share * 100}%`;
    block.style.background = part.color;
    if (share > 0.07) block.append(percent(share, 0));
    bar.append(block);
    legend.append(
      el(
        'li',
        {'data-part': part.key, title: part.why},
        swatch(part.color),
        el('span', {class: 'name'}, part.label),
        el('span', {class: 'value'}, text(part.value)),
        el('span', {class: 'share'}, percent(share)),
      ),
    );
  }
  return el('div', {class: 'stacked'}, bar, legend);
}

function spoken(parts: Part[], total: number): string {
  return parts.map((part) => `${part.label} ${percent(part.value / total)}`).join(', ');
}
