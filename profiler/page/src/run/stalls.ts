// A bar a layer: what its cycles go to, on the critical path or on the engines of one kind.
import {axis, chart, legend, tooltip, zoomBars} from '../chart';
import {choice, el} from '../dom';
import * as format from '../format';
import {sum, type Group, type Parts, type Run} from '../run_document';
import {section, type Section} from '../section';
import {causeColor, color} from '../theme';
import {kLimits, kStates} from '../words';

const kPath = 'critical path';
const kEngineOrder = ['mac', 'vector', 'dma', 'host'];
const kEngineWords: Record<string, string> = {
  mac: 'MAC array',
  vector: 'vector unit',
  dma: 'DMA',
  host: 'host',
};

export function stalls(run: Run, open: (group: number) => void): Section {
  const groups = run.groups ?? [];
  let source = kPath;
  let unit: 'cycles' | 'share' = 'cycles';
  const drawing = chart({
    label:
      'Cycles of every layer by what they are spent on; the table of layers has the same numbers',
    height: 320,
    option: () => option(groups, source, unit === 'share'),
    click: open,
  });
  const sources = [
    kPath,
    ...kEngineOrder.filter((engine) => groups.some((group) => busy(group.engines?.[engine]))),
  ];
  const controls = el(
    'div',
    {class: 'controls'},
    choice(
      'What is shown',
      sources.map((value) => ({value, text: kEngineWords[value] ?? value})),
      source,
      (value) => {
        source = value;
        drawing.update();
      },
    ),
    choice(
      'Unit',
      [
        {value: 'cycles', text: 'cycles'},
        {value: 'share', text: '% of the layer'},
      ],
      unit,
      (value) => {
        unit = value;
        drawing.update();
      },
    ),
  );
  return section(
    'stalls',
    'Stalls by layer',
    'What each layer’s window is spent on: the critical path adds up to the latency; an engine’s states add up to the window, over all engines of its kind. Press a bar for the layer.',
    controls,
    drawing.element,
  );
}

function busy(states: Parts | undefined): boolean {
  return states !== undefined && sum(states) > (states.idle ?? 0);
}

function partsOf(group: Partial<Group>, source: string): Parts {
  if (source !== kPath) return group.engines?.[source] ?? {};
  return group.critical_path ?? {[group.bound_by ?? 'compute']: group.latency_cycles ?? 0};
}

function option(groups: Partial<Group>[], source: string, share: boolean) {
  const parts = groups.map((group) => partsOf(group, source));
  const words =
    source === kPath
      ? kLimits
      : Object.fromEntries(Object.entries(kStates).map(([k, label]) => [k, {label}]));
  const order = [
    ...new Set([...Object.keys(words), ...parts.flatMap((part) => Object.keys(part))]),
  ];
  const keys = order.filter((key) => parts.some((part) => part[key] > 0));
  const label = (key: string) => words[key]?.label ?? key;
  const totals = parts.map(sum);
  const scale = (key: string, index: number) =>
    (parts[index][key] ?? 0) / (share ? totals[index] || 1 : 1);
  return {
    grid: {left: 64, right: 12, top: 34, bottom: groups.length > 60 ? 48 : 26},
    legend: legend(keys.map(label)),
    tooltip: tooltip((items: {dataIndex: number}[]) => {
      const index = items[0].dataIndex;
      const lines = keys
        .filter((key) => parts[index][key] > 0)
        .sort((a, b) => parts[index][b] - parts[index][a])
        .map(
          (key) =>
            `${label(key)}: ${format.cycles(parts[index][key])} (${format.percent(parts[index][key] / totals[index])})`,
        );
      return [`${index + 1} ${groups[index].name ?? ''}`, ...lines];
    }, 'axis'),
    xAxis: axis({
      type: 'category',
      data: groups.map((_, index) => `${index + 1}`),
      splitLine: {show: false},
    }),
    yAxis: axis({
      type: 'value',
      max: share ? 1 : undefined,
      axisLabel: {
        color: color('muted'),
        fontSize: 11,
        formatter: (value: number) => (share ? format.percent(value, 0) : format.count(value)),
      },
    }),
    dataZoom: zoomBars(groups.length),
    series: keys.map((key) => ({
      type: 'bar',
      name: label(key),
      stack: 'all',
      barCategoryGap: groups.length > 200 ? '0%' : '18%',
      itemStyle: {color: causeColor(key)},
      data: groups.map((_, index) => scale(key, index)),
    })),
  };
}
