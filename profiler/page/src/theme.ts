// Light and dark: the system's wish, until the button says otherwise. Colours are CSS variables;
// charts read them here and are told when they change.

type Listener = () => void;
const listeners: Listener[] = [];
const kKey = 'presil-theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

// A page opened from a disk may have no storage.
function remembered(): string | null {
  try {
    return localStorage.getItem(kKey);
  } catch {
    return null;
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(kKey, theme);
  } catch {
    // The choice then lasts as long as the page.
  }
}

export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen === undefined ? system.matches : chosen === 'dark';
}

export function startTheme(): void {
  const chosen = remembered();
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
  system.addEventListener('change', notify);
}

export function toggleTheme(): void {
  const next = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  remember(next);
  notify();
}

export function onThemeChange(listener: Listener): void {
  listeners.push(listener);
}

const cache = new Map<string, string>();

/** The value of the CSS variable `--name`, '' if there is none. */
export function color(name: string): string {
  let value = cache.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    cache.set(name, value);
  }
  return value;
}

function notify(): void {
  cache.clear();
  for (const listener of listeners) listener();
}

/** Of a limit of the critical path or a state of an engine: the same thing has the same colour. */
export function causeColor(cause: string): string {
  return color(`cause-${kSame[cause] ?? cause}`) || color('cause-other');
}

/** As a CSS value, which follows the theme by itself. */
export function causeVariable(cause: string): string {
  return `var(--cause-${kSame[cause] ?? cause}, var(--cause-other))`;
}

const kSame: Record<string, string> = {
  busy: 'compute',
  done: 'compute',
  mac: 'compute',
  dma: 'memory',
  issue: 'control',
};

const kParts = ['mac', 'sram', 'vector', 'control', 'idle'];
const kMemories = [1, 5, 3, 4];

/** Of a part of the energy: the chip's own parts, else a memory. `names` are all parts. */
export function energyVariable(part: string, names: string[]): string {
  if (kParts.includes(part)) return `part-${part}`;
  const memories = names.filter((name) => !kParts.includes(name));
  return `series-${kMemories[memories.indexOf(part) % kMemories.length]}`;
}

/** For things without a meaning of their own. */
export function seriesColor(index: number): string {
  return color(`series-${index % 8}`);
}

export function seriesVariable(index: number): string {
  return `var(--series-${index % 8})`;
}
