// Draws rows of bars and SRAM over time on one canvas, with one time axis. The chart library draws
// bars and points; ten thousands of intervals that follow the wheel are quicker by hand.
import {whenVisible} from '../chart';
import {el} from '../dom';
import * as format from '../format';
import type {Run} from '../run_document';
import {causeColor, color, onThemeChange, seriesColor} from '../theme';
import {type SramStep, sramSteps, useIndex} from './sram_steps';
import type {TimeRange} from './time_range';
import {shortName} from '../words';
import {type Bar, lastAtOrBefore, type TimelineRow} from './timeline_rows';

const kAxis = 22;
const kRow = 20;
const kGap = 2;
const kSram = 120;
const kFont = '11px system-ui, sans-serif';

export type SramMode = 'bytes' | 'addresses';

export class TimelineView {
  readonly canvas = el('canvas');
  /** Cycle at the pointer, if any. */
  cursor: number | undefined;
  /** Two cycles while a range is dragged. */
  selection: [number, number] | undefined;
  mode: SramMode = 'bytes';
  private readonly steps: SramStep[];
  private width = 0;
  private scheduled = false;
  private visible = false;

  constructor(
    private readonly run: Run,
    private readonly rows: TimelineRow[],
    private readonly range: TimeRange,
  ) {
    this.steps = sramSteps(run);
    this.canvas.style.height = `${this.height}px`;
    whenVisible(this.canvas, () => {
      this.visible = true;
      new ResizeObserver(() => this.redraw()).observe(this.canvas);
    });
    range.onChange(() => this.redraw());
    onThemeChange(() => this.redraw());
  }

  get height(): number {
    return kAxis + this.rows.length * kRow + 14 + kSram + 4;
  }

  /** Room for the names of the rows. */
  get gutter(): number {
    return this.width < 500 ? 64 : 104;
  }

  cycleAt(x: number): number {
    const plot = this.width - this.gutter;
    const cycle = this.range.begin + ((x - this.gutter) / plot) * this.range.length;
    return Math.min(Math.max(cycle, this.range.begin), this.range.end);
  }

  rowAt(y: number): TimelineRow | undefined {
    return this.rows[Math.floor((y - kAxis) / kRow)];
  }

  redraw(): void {
    if (this.scheduled || !this.visible) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  private x(cycle: number): number {
    return (
      this.gutter + ((cycle - this.range.begin) / this.range.length) * (this.width - this.gutter)
    );
  }

  private draw(): void {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    if (this.width === 0) return;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const pen = this.canvas.getContext('2d')!;
    pen.scale(ratio, ratio);
    pen.font = kFont;
    pen.textBaseline = 'middle';
    this.drawAxis(pen);
    this.rows.forEach((row, index) => this.drawRow(pen, row, kAxis + index * kRow));
    this.drawSram(pen, kAxis + this.rows.length * kRow + 14);
    this.drawPointer(pen);
    this.canvas.dataset.begin = String(this.range.begin);
    this.canvas.dataset.end = String(this.range.end);
  }

  private drawAxis(pen: CanvasRenderingContext2D): void {
    // Round numbers of the unit that is shown: nanoseconds, or cycles without a clock.
    const unit = (this.run.clock_mhz ?? 1000) / 1000;
    const marks = Math.max(2, (this.width - this.gutter) / 110);
    const step = niceStep(this.range.length / unit / marks) * unit;
    pen.textAlign = 'left';
    for (let at = Math.ceil(this.range.begin / step) * step; at <= this.range.end; at += step) {
      const x = Math.round(this.x(at)) + 0.5;
      pen.fillStyle = color('line');
      pen.fillRect(x - 0.5, 0, 1, this.height);
      pen.fillStyle = color('muted');
      const text = this.run.clock_mhz ? format.time(at / this.run.clock_mhz) : format.count(at);
      if (x + 50 < this.width) pen.fillText(at === 0 ? '0' : text, x + 3, kAxis / 2);
    }
  }

  private drawRow(pen: CanvasRenderingContext2D, row: TimelineRow, y: number): void {
    pen.fillStyle = color('muted');
    pen.textAlign = 'left';
    pen.fillText(this.fitted(pen, row.name, this.gutter - 8), 2, y + kRow / 2);
    const first = Math.max(
      0,
      lastAtOrBefore(row.bars, this.range.begin, (bar) => bar.begin),
    );
    for (let index = first; index < row.bars.length; ++index) {
      const bar = row.bars[index];
      if (bar.begin >= this.range.end) break;
      if (bar.end > this.range.begin) this.drawBar(pen, bar, y);
    }
  }

  private drawBar(pen: CanvasRenderingContext2D, bar: Bar, y: number): void {
    const left = Math.max(this.gutter, this.x(bar.begin));
    const width = Math.min(this.width, this.x(bar.end)) - left;
    const isLayer = bar.cause === '';
    pen.fillStyle = isLayer
      ? color(bar.group % 2 === 0 ? 'band-even' : 'band-odd')
      : causeColor(bar.cause);
    pen.fillRect(left, y, Math.max(width, 0.5), kRow - kGap);
    if (!isLayer || width < 24) return;
    pen.fillStyle = color('ink');
    const text = this.fitted(pen, `${bar.group + 1} ${shortName(bar.text)}`, width - 6);
    if (text.length > 1) pen.fillText(text, left + 3, y + (kRow - kGap) / 2);
  }

  private drawSram(pen: CanvasRenderingContext2D, top: number): void {
    const capacity = this.run.sram_bytes || Math.max(...this.steps.map((step) => step.bytes), 1);
    pen.fillStyle = color('muted');
    pen.fillText('SRAM', 2, top + 8);
    pen.fillText(format.bytes(capacity), 2, top + 24);
    pen.strokeStyle = color('line-strong');
    pen.strokeRect(this.gutter + 0.5, top + 0.5, this.width - this.gutter - 1, kSram - 1);
    const y = (bytes: number) => top + kSram - (Math.min(bytes, capacity) / capacity) * (kSram - 2);
    if (this.mode === 'addresses') this.drawAddresses(pen, y);
    else this.drawSteps(pen, y, top + kSram);
  }

  private drawSteps(
    pen: CanvasRenderingContext2D,
    y: (bytes: number) => number,
    bottom: number,
  ): void {
    pen.beginPath();
    pen.moveTo(this.gutter, bottom);
    const first = Math.max(
      0,
      lastAtOrBefore(this.steps, this.range.begin, (step) => step.cycle),
    );
    for (let index = first; index < this.steps.length; ++index) {
      const step = this.steps[index];
      if (step.cycle > this.range.end) break;
      const next = Math.min(this.steps[index + 1]?.cycle ?? this.range.total, this.range.end);
      pen.lineTo(Math.max(this.gutter, this.x(step.cycle)), y(step.bytes));
      pen.lineTo(this.x(next), y(step.bytes));
    }
    pen.lineTo(this.width, bottom);
    pen.fillStyle = color('area');
    pen.fill();
    pen.strokeStyle = color('accent');
    pen.stroke();
  }

  private drawAddresses(pen: CanvasRenderingContext2D, y: (bytes: number) => number): void {
    for (const tensor of this.run.memory_profile?.sram_tensors ?? []) {
      if (tensor.end_cycle <= this.range.begin || tensor.begin_cycle >= this.range.end) continue;
      const left = Math.max(this.gutter, this.x(tensor.begin_cycle));
      const width = Math.max(Math.min(this.width, this.x(tensor.end_cycle)) - left, 0.5);
      const top = y(tensor.address + tensor.bytes);
      const height = Math.max(y(tensor.address) - top, 0.5);
      pen.fillStyle = seriesColor(useIndex(tensor.use));
      pen.fillRect(left, top, width, height);
      if (width < 4 || height < 4) continue;
      pen.strokeStyle = color('panel');
      pen.strokeRect(left, top, width, height);
    }
  }

  private drawPointer(pen: CanvasRenderingContext2D): void {
    if (this.selection) {
      const [from, to] = this.selection.map((cycle) => this.x(cycle));
      pen.fillStyle = color('hover');
      pen.fillRect(Math.min(from, to), 0, Math.abs(to - from), this.height);
    }
    if (this.cursor === undefined) return;
    pen.fillStyle = color('ink');
    pen.fillRect(Math.round(this.x(this.cursor)), 0, 1, this.height);
  }

  private fitted(pen: CanvasRenderingContext2D, text: string, width: number): string {
    if (pen.measureText(text).width <= width) return text;
    let length = Math.floor((text.length * width) / pen.measureText(text).width) - 1;
    while (length > 0 && pen.measureText(`${text.slice(0, length)}…`).width > width) --length;
    return length > 0 ? `${text.slice(0, length)}…` : '';
  }
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-3)));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}
