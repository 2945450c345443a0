// What a layer achieves against what its arithmetic intensity allows.
import {axis, chart, legend, tooltip} from '../chart';
import {choice, el} from '../dom';
import * as format from '../format';
import type {Group, Run} from '../run_document';
import {section, type Section} from '../section';
import {causeColor, color, seriesColor} from '../theme';
import {limit} from '../words';

type Side = 'dram' | 'sram';

interface Point {
  index: number;
  group: Partial<Group>;
  intensity: number;
  achieved: number;
}

export function roofline(run: Run, open: (group: number) => void): Section | undefined {
  const roofs = run.roofline?.roofs ?? [];
  if (roofs.length === 0) return undefined;
  let side: Side = 'dram';
  const drawing = chart({
    label: 'Roofline: multiply-accumulates a second of every layer over its arithmetic intensity',
    height: 380,
    option: () => option(run, side),
    click: (index) => open(points(run, side)[index]?.index ?? index),
  });
  const controls = el(
    'div',
    {class: 'controls'},
    choice(
      'Bytes counted',
      [
        {value: 'dram', text: 'bytes from memory'},
        {value: 'sram', text: 'bytes from SRAM'},
      ],
      side,
      (value) => {
        side = value;
        drawing.update();
      },
    ),
  );
  return section(
    'roofline',
    'Roofline',
    'A point a layer, its size the share of the latency, its colour what it is bound by. Under the slope bytes are the limit, under the flat roof the array is; the gap to the roof is what is lost. A point above a roof had bytes loaded or work done while an earlier layer ran.',
    controls,
    drawing.element,
    unplaced(run),
  );
}

interface FlatRoof {
  precisions: string[];
  peak_gmacs: number;
}

/** Precisions of the same rate share a roof. */
function flatRoofs(run: Run): FlatRoof[] {
  const roofs: FlatRoof[] = [];
  for (const {precision, peak_gmacs} of run.roofline?.roofs ?? []) {
    const same = roofs.find((roof) => roof.peak_gmacs === peak_gmacs);
    if (same) same.precisions.push(precision);
    else if (peak_gmacs > 0) roofs.push({precisions: [precision], peak_gmacs});
  }
  return roofs;
}

/** Layers that the logarithmic axes cannot show. */
function unplaced(run: Run): HTMLElement {
  const without = (run.groups ?? []).filter((group) => !group.macs).length;
  const text =
    without === 1
      ? 'One layer without MACs is not shown.'
      : `${without} layers without MACs are not shown.`;
  return el('p', {class: 'note'}, without > 0 ? text : '');
}

function points(run: Run, side: Side): Point[] {
  return (run.groups ?? []).flatMap((group, index) => {
    const intensity = side === 'dram' ? group.macs_per_dram_byte : group.macs_per_sram_byte;
    const achieved = group.achieved_gmacs ?? 0;
    return intensity && achieved > 0 ? [{index, group, intensity, achieved}] : [];
  });
}

function option(run: Run, side: Side) {
  const list = points(run, side);
  const peaks = flatRoofs(run);
  const slopes = (run.roofline?.bandwidths ?? []).filter(
    (each) => (each.name === 'sram') === (side === 'sram') && each.gbytes_per_s > 0,
  );
  const top = Math.max(...peaks.map((roof) => roof.peak_gmacs));
  const ridges = slopes.map((slope) => top / slope.gbytes_per_s);
  const left = decade(
    Math.min(...list.map((point) => point.intensity), ...ridges) / 1.5,
    Math.floor,
  );
  const right = decade(
    Math.max(...list.map((point) => point.intensity), ...ridges) * 1.5,
    Math.ceil,
  );
  const bottom = decade(Math.min(...list.map((point) => point.achieved), top / 10), Math.floor);
  const most = Math.max(...list.map((point) => point.group.share ?? 0), 1e-9);
  const roofName = (roof: FlatRoof) =>
    `${roof.precisions.join(', ')}: ${format.number(roof.peak_gmacs)} GMAC/s`;
  const slopeName = (slope: (typeof slopes)[0]) =>
    `${slope.name}: ${format.number(slope.gbytes_per_s)} GB/s`;
  return {
    grid: {left: 64, right: 24, top: 34, bottom: 44},
    legend: legend([...peaks.map(roofName), ...slopes.map(slopeName)]),
    tooltip: tooltip((item: {seriesType: string; seriesName: string; dataIndex: number}) =>
      item.seriesType === 'scatter' ? describe(list[item.dataIndex], side) : [item.seriesName],
    ),
    xAxis: axis({
      type: 'log',
      min: left,
      max: right,
      name: `MACs per byte ${side === 'dram' ? 'from memory' : 'from SRAM'}`,
      nameLocation: 'middle',
      nameGap: 26,
      axisLabel: {color: color('muted'), fontSize: 11, formatter: format.tick},
    }),
    yAxis: axis({
      type: 'log',
      min: bottom,
      max: decade(top * 1.2, Math.ceil),
      name: 'GMAC/s',
      nameLocation: 'middle',
      nameGap: 48,
      axisLabel: {color: color('muted'), fontSize: 11, formatter: format.tick},
    }),
    series: [
      {
        type: 'scatter',
        name: 'layers',
        z: 3,
        data: list.map((point) => ({
          value: [point.intensity, point.achieved],
          symbolSize: 6 + 22 * Math.sqrt((point.group.share ?? 0) / most),
          itemStyle: {
            color: causeColor(point.group.bound_by ?? ''),
            opacity: 0.8,
            borderColor: color('panel'),
            borderWidth: 1,
          },
        })),
      },
      ...peaks.map((roof, index) =>
        line(roofName(roof), index, [
          [
            Math.max(
              left,
              roof.peak_gmacs / Math.max(...slopes.map((slope) => slope.gbytes_per_s)),
            ),
            roof.peak_gmacs,
          ],
          [right, roof.peak_gmacs],
        ]),
      ),
      ...slopes.map((slope, index) =>
        line(slopeName(slope), peaks.length + index, [
          [
            Math.max(left, bottom / slope.gbytes_per_s),
            Math.max(left * slope.gbytes_per_s, bottom),
          ],
          [top / slope.gbytes_per_s, top],
        ]),
      ),
    ],
  };
}

function line(name: string, index: number, data: [number, number][]) {
  return {
    type: 'line',
    name,
    data,
    symbol: 'none',
    lineStyle: {color: seriesColor(index), width: 1.5},
    itemStyle: {color: seriesColor(index)},
  };
}

function describe(point: Point, side: Side): string[] {
  const {group} = point;
  return [
    `${point.index + 1} ${group.name ?? ''}`,
    `${format.number(point.achieved)} GMAC/s at ${format.number(point.intensity)} MACs per byte from ${side === 'dram' ? 'memory' : 'SRAM'}`,
    `Roof ${format.number(group.roof_gmacs)} GMAC/s (${group.roof ?? ''}): ${format.percent(point.achieved / (group.roof_gmacs || Infinity))} of it`,
    `${format.percent(group.share)} of the latency, bound by ${limit(group.bound_by)}`,
  ];
}

function decade(value: number, round: (x: number) => number): number {
  return 10 ** round(Math.log10(value));
}
