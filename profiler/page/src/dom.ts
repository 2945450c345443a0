// Elements from code. Text is always text, never markup: names come from strangers' files.

type Child = Node | string | number | null | undefined | false;
type Attributes = Record<string, string | number | boolean | undefined | EventListener>;

/** `on...` attributes are listeners, `true` and `false` set or leave out the attribute. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  add(element, ...children);
  return element;
}

export function add(parent: Element, ...children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

export function clear(element: Element): void {
  element.replaceChildren();
}

/** A square of a colour, for legends. */
export function swatch(color: string): HTMLElement {
  const mark = el('span', {class: 'swatch', 'aria-hidden': 'true'});
  mark.style.background = color;
  return mark;
}

/** Buttons of which one is chosen. */
export function choice<T extends string>(
  label: string,
  options: {value: T; text: string}[],
  chosen: T,
  change: (value: T) => void,
): HTMLElement {
  const group = el('div', {class: 'choice', role: 'group', 'aria-label': label});
  for (const option of options) {
    const button = el(
      'button',
      {
        type: 'button',
        'aria-pressed': String(option.value === chosen),
        'data-value': option.value,
        onclick: () => {
          for (const other of group.querySelectorAll('button'))
            other.setAttribute('aria-pressed', String(other === button));
          change(option.value);
        },
      },
      option.text,
    );
    group.append(button);
  }
  return group;
}
