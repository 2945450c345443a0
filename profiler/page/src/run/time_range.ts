// The part of the run that the timeline shows, in cycles. Never empty, never outside the run.

export class TimeRange {
  begin = 0;
  end: number;
  private readonly listeners: (() => void)[] = [];

  constructor(readonly total: number) {
    this.end = total;
  }

  get length(): number {
    return this.end - this.begin;
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  set(begin: number, end: number): void {
    const length = Math.min(this.total, Math.max(end - begin, Math.min(this.total, 20)));
    this.begin = Math.min(Math.max(0, begin), this.total - length);
    this.end = this.begin + length;
    for (const listener of this.listeners) listener();
  }

  /** `factor` below 1 shows less; the cycle `at` stays where it is. */
  zoom(at: number, factor: number): void {
    const length = this.length * factor;
    const before = ((at - this.begin) / this.length) * length;
    this.set(at - before, at - before + length);
  }

  /** Moves by a part of what is shown. */
  pan(fraction: number): void {
    this.set(this.begin + fraction * this.length, this.end + fraction * this.length);
  }

  reset(): void {
    this.set(0, this.total);
  }
}
