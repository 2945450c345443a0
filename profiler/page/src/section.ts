// A titled part of the page, with a link of its own in the navigation.
import {el} from './dom';

export interface Section {
  id: string;
  title: string;
  element: HTMLElement;
}

/** A section of its own making, or what went wrong: one odd part must not hide the others. */
export function attempt(make: () => Section | undefined): Section | undefined {
  try {
    return make();
  } catch (error) {
    console.error(error);
    const id = `failure-${failures++}`;
    return section(
      id,
      'A part that cannot be shown',
      `The document holds what this page does not expect: ${error}`,
    );
  }
}

let failures = 0;

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
