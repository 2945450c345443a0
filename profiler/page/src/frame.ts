// What every page has: a heading, the way to its sections, the theme button.
import {el} from './dom';
import type {Section} from './section';
import {isDark, onThemeChange, toggleTheme} from './theme';

export function frame(
  root: HTMLElement,
  title: string,
  subtitle: string,
  sections: Section[],
): void {
  document.title = `${title} · presil`;
  root.append(
    el('a', {class: 'skip', href: '#main'}, 'Skip to the content'),
    el(
      'header',
      {},
      el('div', {class: 'heading'}, el('h1', {}, title), el('p', {}, subtitle)),
      themeButton(),
      el(
        'nav',
        {'aria-label': 'Sections'},
        ...sections.map((section) => el('a', {href: `#${section.id}`}, section.title)),
      ),
    ),
    el('main', {id: 'main', tabindex: -1}, ...sections.map((section) => section.element)),
  );
}

function themeButton(): HTMLElement {
  const button = el('button', {type: 'button', class: 'theme', onclick: toggleTheme});
  const label = () => {
    button.textContent = isDark() ? '☀ Light' : '☾ Dark';
    button.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`);
  };
  label();
  onThemeChange(label);
  return button;
}
