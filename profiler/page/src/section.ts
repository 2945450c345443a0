// A titled part of the page, with a link of its own in the navigation.
import {el} from './dom';

export interface Section {
  id: string;
  title: string;
  element: HTMLElement;
}

/** `lead` says in a sentence how to read what follows. */
export function section(id: string, title: string, lead: string, ...content: Node[]): Section {
  const element = el(
    'section',
    {id, 'aria-labelledby': `${id}-title`},
    el('h2', {id: `${id}-title`}, title),
    lead !== '' && el('p', {class: 'lead'}, lead),
    ...content,
  );
  return {id, title, element};
}
