// Numbers as text, three significant digits with a unit; exact counts of cycles and bytes in full.

export const kNone = '–';
type Value = number | null | undefined;

function missing(value: Value): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value);
}

function significant(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)) + 1e-9));
  return value.toLocaleString('en-US', {
    minimumFractionDigits: Math.min(digits, 2),
    maximumFractionDigits: Math.min(digits, 6),
  });
}

function scaled(value: Value, base: number, units: string[]): string {
  if (missing(value)) return kNone;
  let at = 0;
  // 999.5 would print as 1,000 of the smaller unit.
  while (at + 1 < units.length && Math.abs(value) >= base * 0.9995) {
    value /= base;
    ++at;
  }
  return `${significant(value)}\u00a0${units[at]}`.trim();
}

export function integer(value: Value): string {
  return missing(value) ? kNone : Math.round(value).toLocaleString('en-US');
}

export function cycles(value: Value): string {
  return integer(value);
}

export function time(microseconds: Value): string {
  return missing(microseconds) ? kNone : scaled(microseconds * 1000, 1000, ['ns', 'µs', 'ms', 's']);
}

export function bytes(value: Value): string {
  if (missing(value)) return kNone;
  if (Math.abs(value) < 1024) return `${integer(value)}\u00a0B`;
  return scaled(value / 1024, 1024, ['KiB', 'MiB', 'GiB', 'TiB']);
}

export function energy(picojoules: Value): string {
  return scaled(picojoules, 1000, ['pJ', 'nJ', 'µJ', 'mJ', 'J']);
}

export function power(milliwatts: Value): string {
  return missing(milliwatts) ? kNone : scaled(milliwatts * 1000, 1000, ['µW', 'mW', 'W']);
}

export function count(value: Value): string {
  return scaled(value, 1000, ['', 'k', 'M', 'G', 'T']);
}

export function number(value: Value): string {
  return missing(value) ? kNone : significant(value);
}

/** For the ticks of an axis: no more digits than the number needs. */
export function tick(value: number): string {
  return value.toLocaleString('en-US', {maximumSignificantDigits: 3});
}

/** 1000000 -> "1 M", for the ticks of a logarithmic axis. */
export function tickCount(value: number): string {
  const step = Math.max(0, Math.min(4, Math.floor(Math.log10(value) / 3 + 1e-9)));
  return `${tick(value / 1000 ** step)}\u00a0${['', 'k', 'M', 'G', 'T'][step]}`.trim();
}

/** 0.1234 -> "12.3 %". */
export function percent(value: Value, digits = 1): string {
  return missing(value) ? kNone : `${(value * 100).toFixed(digits).replace('-', '−')}\u00a0%`;
}

export function signedPercent(value: Value, digits = 1): string {
  if (missing(value)) return kNone;
  return (value > 0 ? '+' : value < 0 ? '−' : '') + percent(Math.abs(value), digits);
}

export function signed(text: string, value: number): string {
  return value > 0 ? `+${text}` : text.replace('-', '−');
}
