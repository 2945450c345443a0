// Estimated over simulated, and how the errors are spread: points and bars coloured by chip.
import {axis, chart, legend, tooltip, type Chart} from './chart';
import {error, type Case} from './compare_document';
import * as format from './format';
import {color, seriesColor} from './theme';
import {shortName} from './words';

/** A band of so much to either side of what was simulated is drawn. */
const kBand = 0.1;
/** Width of a bar of the histogram, and where it ends: what is beyond is in the last bar. */
const kStep = 0.02;
const kMost = 0.3;

export function caseName(each: Case): string {
  const where = `${each.model} on ${each.chip}`;
  return each.group === '' ? where : `${groupName(each.group)}, ${where}`;
}

/** A fused layer of a TFLite file has the names of all its parts; the last one says most. */
export function groupName(name: string): string {
  return shortName(
    name
      .split('+')
      .map((member) => member.slice(member.lastIndexOf(';') + 1))
      .join('+'),
  );
}

export function caseLines(each: Case): string[] {
  return [
    caseName(each),
    `${format.cycles(each.estimated)} cycles estimated, ${format.cycles(each.simulated)} simulated: ${format.signedPercent(error(each))}`,
    each.inside ? 'Inside its 90 % interval' : 'Outside its 90 % interval',
  ];
}

function byChip(cases: Case[], chips: string[]): Case[][] {
  return chips.map((chip) => cases.filter((each) => each.chip === chip));
}

/** `cases` and `chips` are asked for at every drawing. A chip keeps its colour in all charts. */
export function scatter(cases: () => Case[], chips: string[]): Chart {
  return chart({
    label: 'Estimated against simulated cycles; the tables below have the same numbers',
    height: 440,
    option: () => scatterOption(cases(), chips),
  });
}

function scatterOption(all: Case[], chips: string[]) {
  // A logarithmic axis has no place for a window of 0 cycles.
  const at = (each: Case) => [Math.max(1, each.simulated), Math.max(1, each.estimated)];
  const values = all.flatMap(at);
  const least = 10 ** Math.floor(Math.log10(Math.min(...values, 1e9)));
  const most = 10 ** Math.ceil(Math.log10(Math.max(...values, 10)) + 1e-9);
  const parts = byChip(all, chips);
  const scale = (name: string, gap: number) =>
    axis({
      type: 'log',
      min: least,
      max: most,
      name,
      nameLocation: 'middle',
      nameGap: gap,
      axisLabel: {
        color: color('muted'),
        fontSize: 11,
        formatter: (value: number) => format.tickCount(value),
      },
    });
  const line = (factor: number, type: 'solid' | 'dashed') => ({
    type: 'line',
    silent: true,
    symbol: 'none',
    lineStyle: {color: color('line-strong'), width: 1, type},
    data: [
      [least, least * factor],
      [most, most * factor],
    ],
    z: 1,
  });
  return {
    grid: {left: 76, right: 20, top: 36, bottom: 46},
    legend: legend(chips),
    tooltip: tooltip((item: {seriesIndex: number; dataIndex: number}) =>
      caseLines(parts[item.seriesIndex][item.dataIndex]),
    ),
    xAxis: scale('Simulated, cycles', 28),
    yAxis: scale('Estimated, cycles', 56),
    series: [
      ...parts.map((part, index) => ({
        type: 'scatter',
        name: chips[index],
        symbolSize: all.length > 400 ? 5 : 9,
        itemStyle: {color: seriesColor(index), opacity: all.length > 400 ? 0.55 : 0.85},
        data: part.map(at),
        z: 2,
      })),
      line(1, 'solid'),
      line(1 + kBand, 'dashed'),
      line(1 / (1 + kBand), 'dashed'),
    ],
  };
}

export function histogram(cases: () => Case[], chips: string[]): Chart {
  return chart({
    label: 'How many are how far off; the table of accuracy has the shares',
    height: 280,
    option: () => histogramOption(cases(), chips),
  });
}

/** Bars from -kMost to kMost around 0, and one at either end for all beyond. */
const kBars = 2 * Math.round(kMost / kStep) + 3;

/** The middle bar is what is off by less than half a step. */
export function barOf(off: number): number {
  const middle = (kBars - 1) / 2;
  return Math.min(kBars - 1, Math.max(0, Math.round(off / kStep) + middle));
}

function barLabel(bar: number): string {
  const middle = ((bar - (kBars - 1) / 2) * kStep * 100).toFixed(0).replace('-', '−');
  if (bar === 0) return `below −${100 * (kMost + kStep / 2)} %`;
  if (bar === kBars - 1) return `above ${100 * (kMost + kStep / 2)} %`;
  return `${middle} %`;
}

/** Every 10 %, and both ends. */
function isLabelled(bar: number): boolean {
  const from = Math.abs(bar - (kBars - 1) / 2);
  const end = (kBars - 1) / 2;
  return from === end || (from < end - 1 && from % Math.round(0.1 / kStep) === 0);
}

function histogramOption(all: Case[], chips: string[]) {
  const counts = byChip(all, chips).map((part) => {
    const bars = new Array<number>(kBars).fill(0);
    for (const each of part) ++bars[barOf(error(each))];
    return bars;
  });
  return {
    grid: {left: 56, right: 20, top: 36, bottom: 46},
    legend: legend(chips),
    tooltip: tooltip((items: {dataIndex: number}[]) => {
      const bar = items[0].dataIndex;
      return [
        `Off by ${barLabel(bar)}`,
        ...chips
          .map((chip, index) => ({chip, count: counts[index][bar]}))
          .filter((each) => each.count > 0)
          .map((each) => `${each.chip}: ${each.count}`),
      ];
    }, 'axis'),
    xAxis: axis({
      type: 'category',
      data: Array.from({length: kBars}, (_, bar) => barLabel(bar)),
      name: 'Estimated less simulated, of the simulated cycles',
      nameLocation: 'middle',
      nameGap: 28,
      axisTick: {show: false},
      axisLabel: {
        color: color('muted'),
        fontSize: 11,
        hideOverlap: true,
        interval: (bar: number) => isLabelled(bar),
      },
    }),
    yAxis: axis({type: 'value', minInterval: 1}),
    series: counts.map((bars, index) => ({
      type: 'bar',
      name: chips[index],
      stack: 'all',
      barCategoryGap: '10%',
      itemStyle: {color: seriesColor(index)},
      data: bars,
    })),
  };
}
