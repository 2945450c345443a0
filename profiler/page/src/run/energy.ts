// Energy by part and by layer.
import {axis, chart, legend, tooltip, zoomBars} from '../chart';
import {el} from '../dom';
import * as format from '../format';
import {energyParts, type Run} from '../run_document';
import {section, type Section} from '../section';
import {stackedBar} from '../stacked_bar';
import {color, energyVariable} from '../theme';
import {kEnergy} from '../words';

export function energySection(run: Run, open: (group: number) => void): Section | undefined {
  if (!run.energy_pj) return undefined;
  const keys = Object.keys(energyParts(run.energy_parts_pj));
  const label = (key: string) => kEnergy[key] ?? key;
  const total = energyParts(run.energy_parts_pj);
  const parts = keys.map((key) => ({
    key,
    label: label(key),
    value: total[key],
    color: `var(--${energyVariable(key, keys)})`,
  }));
  const drawing = chart({
    label: 'Energy of every layer by part; the table of layers has the sums',
    height: 280,
    option: () => byLayer(run, keys, label),
    click: open,
  });
  return section(
    'energy',
    'Energy',
    `${format.energy(run.energy_pj)} in ${format.time(run.total_us)}: ${format.power(run.average_power_mw)} on average.`,
    stackedBar('Energy', parts, format.energy),
    precisions(run) ?? el('div'),
    el('h3', {}, 'By layer'),
    drawing.element,
  );
}

function precisions(run: Run): HTMLElement | undefined {
  const list = run.energy_by_precision ?? [];
  if (list.length === 0) return undefined;
  const text = list.map(
    (each) =>
      `${each.precision}: ${format.energy(each.energy_pj)} for ${format.count(each.macs)} MACs`,
  );
  return el('p', {class: 'note'}, `MACs by precision (weights × activations): ${text.join('; ')}.`);
}

function byLayer(run: Run, keys: string[], label: (key: string) => string) {
  const groups = run.groups ?? [];
  const parts = groups.map((group) => energyParts(group.energy_parts_pj));
  const used = keys.filter((key) => parts.some((each) => each[key] > 0));
  return {
    grid: {left: 64, right: 12, top: 34, bottom: groups.length > 60 ? 48 : 26},
    legend: legend(used.map(label)),
    tooltip: tooltip((items: {dataIndex: number}[]) => {
      const index = items[0].dataIndex;
      return [
        `${index + 1} ${groups[index].name ?? ''}: ${format.energy(groups[index].energy_pj)}`,
        ...used
          .filter((key) => parts[index][key] > 0)
          .map((key) => `${label(key)}: ${format.energy(parts[index][key])}`),
      ];
    }, 'axis'),
    xAxis: axis({
      type: 'category',
      data: groups.map((_, index) => `${index + 1}`),
      splitLine: {show: false},
    }),
    yAxis: axis({
      type: 'value',
      axisLabel: {
        color: color('muted'),
        fontSize: 11,
        formatter: (value: number) => format.energy(value),
      },
    }),
    dataZoom: zoomBars(groups.length),
    series: used.map((key) => ({
      type: 'bar',
      name: label(key),
      stack: 'all',
      barCategoryGap: groups.length > 200 ? '0%' : '18%',
      itemStyle: {color: color(energyVariable(key, keys))},
      data: parts.map((each) => each[key] ?? 0),
    })),
  };
}
