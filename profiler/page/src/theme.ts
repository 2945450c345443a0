// Light and dark: the system's wish, until the button says otherwise. Colours are CSS variables;
// charts read them here and are told when they change.

type Listener = () => void;
const listeners: Listener[] = [];
const kKey = 'presil-theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

// A page opened from a disk may have no storage.
function remembered(): string | null {
  try {
    const theme = localStorage.getItem(kKey);
    return theme === 'dark' || theme === 'light' ? theme : null;
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
  return document.documentElement.dataset.theme === 'dark';
}

export function startTheme(): void {
  set(remembered() ?? wished());
  system.addEventListener('change', () => {
    if (remembered() === null) change(wished());
  });
}

export function toggleTheme(): void {
  const next = isDark() ? 'light' : 'dark';
  remember(next);
  change(next);
}

function wished(): string {
  return system.matches ? 'dark' : 'light';
}

function set(theme: string): void {
  document.documentElement.dataset.theme = theme;
}

function change(theme: string): void {
  set(theme);
  cache.clear();
  for (const listener of listeners) listener();
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
