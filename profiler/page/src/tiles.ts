// Headline numbers, a tile each.
import {el} from './dom';

export interface Tile {
  key: string;
  label: string;
  value: string;
  note?: string;
}

export function tiles(list: Tile[]): HTMLElement {
  return el(
    'dl',
    {class: 'tiles'},
    ...list.map((tile) =>
      el(
        'div',
        {'data-key': tile.key},
        el('dt', {}, tile.label),
        el('dd', {class: 'value'}, tile.value),
        tile.note !== undefined && tile.note !== '' && el('dd', {class: 'note'}, tile.note),
      ),
    ),
  );
}
