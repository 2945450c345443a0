// Estimates held against the simulator: how far to trust an estimator, and what it gets wrong.
import {caseName, groupName, histogram, scatter} from './compare_charts';
import {
  casesOf,
  error,
  kLevels,
  type Accuracy,
  type Case,
  type CompareDocument,
  type Level,
  type NetworkCompared,
} from './compare_document';
import {choice, clear, el} from './dom';
import * as format from './format';
import {frame} from './frame';
import {section, type Section} from './section';
import {Table, type Column} from './table';
import {tiles} from './tiles';
import {limit} from './words';

const kWorst = 10;

export function comparePage(root: HTMLElement, document: CompareDocument): void {
  const comparisons = document.comparisons ?? [];
  const cases = casesOf(comparisons);
  const chips = [...new Set(comparisons.map((each) => each.chip))];
  const failures = document.failures ?? [];
  const sections: Section[] = [
    summary(document),
    charts(cases, chips),
    accuracySection(document.accuracy ?? []),
    worstSection(cases),
    networkSection(comparisons),
  ];
  if (failures.length > 0)
    sections.push(
      section(
        'failed',
        'Not compared',
        '',
        el(
          'ul',
          {class: 'failures'},
          ...failures.map((each) =>
            el('li', {}, el('b', {}, `${each.model} on ${each.chip}`), ` ${each.error}`),
          ),
        ),
      ),
    );
  const models = new Set(comparisons.map((each) => each.model)).size;
  frame(
    root,
    'Estimated and simulated',
    `${models} networks on ${chips.join(', ') || 'no chip'}; estimator ${document.estimator?.file ?? '?'}`,
    sections,
  );
}

// ---- summary ----

function overall(document: CompareDocument, level: Level): Accuracy | undefined {
  return document.accuracy?.find(
    (row) => row.level === level && row.family === '' && row.chip === '',
  );
}

function summary(document: CompareDocument): Section {
  const network = overall(document, 'network');
  const speed = document.speed_up;
  const from = document.estimator;
  return section(
    'summary',
    'Summary',
    '',
    el('div', {class: 'verdict'}, ...verdict(document).map((text) => el('p', {}, text))),
    tiles([
      {
        key: 'mape',
        label: 'Mean error of a network',
        value: format.percent(network?.mape),
        note: `median ${format.percent(network?.median)}, worst ${format.percent(network?.worst)}`,
      },
      {
        key: 'within_5',
        label: 'Within 5 %',
        value: format.percent(network?.within_5),
        note: `within 10 %: ${format.percent(network?.within_10)}`,
      },
      {
        key: 'bias',
        label: 'Bias',
        value: format.signedPercent(network?.bias),
        note: 'mean of the signed error',
      },
      {
        key: 'tau',
        label: 'Kendall’s tau',
        value: correlation(network?.kendall_tau),
        note: `Spearman’s rho ${correlation(network?.spearman)}; 1 is the right order`,
      },
      {
        key: 'coverage',
        label: 'In the 90 % interval',
        value: format.percent(network?.coverage_90),
        note: 'promised: 90 %',
      },
      {
        key: 'energy',
        label: 'Mean error of the energy',
        value: format.percent(document.energy?.mape),
        note: `median ${format.percent(document.energy?.median)}, worst ${format.percent(document.energy?.worst)}`,
      },
      {
        key: 'speed_up',
        label: 'Speed-up',
        value: speed ? `${format.number(speed.median)}×` : format.kNone,
        note: speed
          ? `median of whole networks; ${format.number(speed.least)}× to ${format.number(speed.most)}×`
          : '',
      },
      {
        key: 'cases',
        label: 'Learned from',
        value: format.integer(from?.cases),
        note: `${from?.source === 'measured' ? 'measurements' : 'simulated cases'} on ${format.integer(from?.chips)} chips`,
      },
    ]),
  );
}

function correlation(value: number | undefined): string {
  return value === undefined ? format.kNone : value.toFixed(3);
}

function verdict(document: CompareDocument): string[] {
  const network = overall(document, 'network');
  if (!network) return ['Nothing was compared.'];
  const lines = [
    `An estimate is ${format.percent(network.mape)} off on average, half of them less than ${format.percent(network.median)}; ` +
      `${format.percent(network.within_10, 0)} of ${network.cases} are within 10 %.`,
  ];
  const comparisons = document.comparisons ?? [];
  const mean = (of: (each: NetworkCompared) => number) =>
    comparisons.reduce((sum, each) => sum + Math.abs(of(each)), 0) / comparisons.length;
  const compiled = mean((each) => each.estimated_as_compiled_cycles / each.simulated_cycles - 1);
  const otherwise = mean((each) => each.planned_otherwise_cycles / each.simulated_cycles);
  const misplaced = mean((each) => each.misplaced);
  lines.push(
    `Of a network’s time ${format.percent(otherwise)} is in groups that the estimator’s planner formed differently from the compiler; ` +
      `from the compiler’s own groups an estimate would be ${format.percent(compiled)} off.`,
    `${format.percent(misplaced)} of the time is put into the wrong group${misplaced > 2 * network.mape ? '; most of that cancels within a network' : ''}.`,
  );
  return lines;
}

// ---- charts ----

function charts(cases: Case[], chips: string[]): Section {
  let level: Level = 'network';
  const shown = () => cases.filter((each) => each.level === level);
  const points = scatter(shown, chips);
  const bars = histogram(shown, chips);
  return section(
    'errors',
    'Errors',
    'Every point is a network, or a fusion group in its network. Solid: estimated as simulated; dashed: 10 % to either side.',
    levelChoice(cases, level, (value) => {
      level = value;
      points.update();
      bars.update();
    }),
    points.element,
    bars.element,
  );
}

function levelChoice(cases: Case[], level: Level, change: (value: Level) => void): HTMLElement {
  const counted = kLevels.map(({value, text}) => ({
    value,
    text: `${text} (${format.integer(cases.filter((each) => each.level === value).length)})`,
  }));
  return el('div', {class: 'controls'}, choice('Level', counted, level, change));
}

// ---- accuracy ----

function accuracySection(rows: Accuracy[]): Section {
  const share = (
    key: keyof Accuracy,
    label: string,
    title: string,
    text: (value: number) => string = (value) => format.percent(value),
  ): Column<Accuracy> => ({
    key,
    label,
    title,
    value: (row) => row[key],
    text: (row) => text(row[key] as number),
  });
  const of = (row: Accuracy) =>
    row.chip !== '' ? `on ${row.chip}` : row.family !== '' ? row.family : 'all';
  return section(
    'accuracy',
    'Accuracy',
    'By level, by chip, and by family: of a network its search space or itself, of a group the kinds of its layers. ' +
      `Operators are ${kLevels[2].many}, subgraphs ${kLevels[1].many}: those that the estimator’s planner formed as the compiler did, each judged by its own window in the network. ` +
      'A group that ran mostly beside its neighbours has little window left; where it is less than half of what the group needs alone, it is not judged.',
    new Table<Accuracy>({
      label: 'Accuracy',
      columns: [
        {key: 'level', label: 'Level', value: (row) => row.level, text: (row) => row.level},
        {key: 'of', label: 'Of', value: of, text: of, wrap: true},
        share('cases', 'Cases', 'how many', format.integer),
        share('mape', 'MAPE', 'mean of the absolute error'),
        share('median', 'Median', 'of the absolute error'),
        share('p95', 'p95', '95 % are less far off'),
        share('worst', 'Worst', 'the largest absolute error'),
        share('within_5', 'In 5 %', 'share that is at most 5 % off'),
        share('within_10', 'In 10 %', 'share that is at most 10 % off'),
        share('bias', 'Bias', 'mean of the signed error', format.signedPercent),
        share('kendall_tau', 'Tau', 'Kendall’s tau: 1 is the right order', correlation),
        share('spearman', 'Rho', 'Spearman’s rank correlation', correlation),
        share('coverage_90', 'In 90 %', 'share inside of its 90 % interval'),
      ],
      rows: [...rows].sort((a, b) => rank(a) - rank(b)),
      search: (row) => `${row.level} ${of(row)}`,
      attributes: (row) => ({class: of(row) === 'all' ? 'marked' : ''}),
    }).element,
  );
}

/** What is over all comes first, then chips, then families: models are many, and come last. */
function rank(row: Accuracy): number {
  const level = kLevels.findIndex((each) => each.value === row.level);
  if (row.family === '') return (row.chip === '' ? 0 : 10) + level;
  return 20 + kLevels.length - level;
}

// ---- worst ----

function worstSection(cases: Case[]): Section {
  const place = el('div', {});
  const fill = (level: Level) => {
    const worst = cases
      .filter((each) => each.level === level)
      .sort((a, b) => Math.abs(ofNetwork(b)) - Math.abs(ofNetwork(a)))
      .slice(0, kWorst);
    clear(place);
    place.append(worstTable(worst));
  };
  fill('network');
  return section(
    'worst',
    'The worst ten, and why',
    'Networks by their relative error, groups by what they cost the network.',
    levelChoice(cases, 'network', fill),
    place,
  );
}

/** Its error, of the cycles of its network. */
function ofNetwork(each: Case): number {
  return (each.estimated - each.simulated) / each.network.simulated_cycles;
}

const kOfNetwork: Column<Case> = {
  key: 'share',
  label: 'Of its network',
  title: 'estimated less simulated, of the network’s simulated cycles',
  value: (each) => Math.abs(ofNetwork(each)),
  text: (each) => format.signedPercent(ofNetwork(each)),
};

function worstTable(worst: Case[]): HTMLElement {
  return new Table<Case>({
    label: 'The worst ten',
    columns: [
      {
        key: 'what',
        label: 'What',
        value: caseName,
        text: caseName,
        cell: (each) => el('span', {title: each.group || each.model}, caseName(each)),
        wrap: true,
      },
      {
        key: 'error',
        label: 'Error',
        value: error,
        text: (each) => format.signedPercent(error(each)),
      },
      {
        key: 'simulated',
        label: 'Simulated',
        title: 'cycles',
        value: (each) => each.simulated,
        text: (each) => format.cycles(each.simulated),
      },
      {
        key: 'estimated',
        label: 'Estimated',
        title: 'cycles',
        value: (each) => each.estimated,
        text: (each) => format.cycles(each.estimated),
      },
      ...(worst.some((each) => each.group !== '') ? [kOfNetwork] : []),
      {
        key: 'reason',
        label: 'Why',
        value: (each) => each.reason,
        text: (each) => each.reason,
        wrap: true,
      },
    ],
    rows: worst,
  }).element;
}

// ---- networks ----

function networkSection(comparisons: NetworkCompared[]): Section {
  const off = (each: NetworkCompared) => each.estimated_cycles / each.simulated_cycles - 1;
  const energy = (each: NetworkCompared) => each.estimated_pj / each.simulated_pj - 1;
  return section(
    'networks',
    'Networks',
    'Every network on every chip; press one for the reason of its error and its groups.',
    new Table<NetworkCompared>({
      label: 'Networks',
      columns: [
        {key: 'model', label: 'Network', value: (each) => each.model, text: (each) => each.model},
        {key: 'chip', label: 'Chip', value: (each) => each.chip, text: (each) => each.chip},
        {
          key: 'simulated',
          label: 'Simulated',
          title: 'cycles',
          value: (each) => each.simulated_cycles,
          text: (each) => format.cycles(each.simulated_cycles),
        },
        {
          key: 'estimated',
          label: 'Estimated',
          title: 'cycles',
          value: (each) => each.estimated_cycles,
          text: (each) => format.cycles(each.estimated_cycles),
        },
        {
          key: 'error',
          label: 'Error',
          value: off,
          text: (each) => format.signedPercent(off(each)),
        },
        {
          key: 'energy',
          label: 'Energy',
          title: 'error of the energy',
          value: energy,
          text: (each) => format.signedPercent(energy(each)),
        },
        {
          key: 'speed_up',
          label: 'Speed-up',
          title: 'wall time of the simulation over that of the estimate',
          value: (each) => each.simulate_seconds / each.estimate_seconds,
          text: (each) => `${format.integer(each.simulate_seconds / each.estimate_seconds)}×`,
        },
        {
          key: 'alike',
          label: 'Planned alike',
          title: 'groups of the compiler that the planner formed, too',
          value: (each) => each.groups.length / each.compiled_groups,
          text: (each) => `${each.groups.length} of ${each.compiled_groups}`,
        },
      ],
      rows: comparisons,
      search: (each) => `${each.model} ${each.chip} ${each.reason}`,
      detail: (each) => el('div', {}, el('p', {}, each.reason), groupTable(each)),
    }).element,
  );
}

function groupTable(network: NetworkCompared): HTMLElement {
  type Group = NetworkCompared['groups'][number];
  const off = (group: Group) => group.estimated_cycles - group.simulated_cycles;
  const cycles = (
    key: 'own_work_cycles' | 'simulated_cycles' | 'prior_cycles' | 'estimated_cycles',
    label: string,
    title: string,
  ): Column<Group> => ({
    key,
    label,
    title,
    value: (group) => group[key],
    text: (group) => format.cycles(group[key]),
  });
  return new Table<Group>({
    label: `Groups of ${network.model} on ${network.chip}`,
    columns: [
      {
        key: 'name',
        label: 'Group',
        value: (group) => group.name,
        text: (group) => group.name,
        cell: (group) => el('span', {class: 'layer', title: group.name}, groupName(group.name)),
      },
      {
        key: 'family',
        label: 'Operators',
        value: (group) => group.family,
        text: (group) => group.family,
      },
      cycles(
        'own_work_cycles',
        'Alone',
        'cycles of its engines or of the busiest port, without neighbours',
      ),
      cycles('simulated_cycles', 'Simulated', 'cycles of its window'),
      cycles('prior_cycles', 'Closed form', 'cycles, before learning'),
      cycles('estimated_cycles', 'Estimated', 'cycles'),
      {
        key: 'off',
        label: 'Of the network',
        title: 'estimated less simulated, of the network’s simulated cycles',
        value: (group) => Math.abs(off(group)),
        text: (group) => format.signedPercent(off(group) / network.simulated_cycles, 2),
      },
      {
        key: 'bound',
        label: 'Bound by',
        value: (group) => group.bound_by,
        text: (group) => limit(group.bound_by),
      },
      {
        key: 'prior_bound',
        label: 'Closed form',
        title: 'what bounds it in the closed form',
        value: (group) => group.prior_bound_by,
        text: (group) => limit(group.prior_bound_by),
      },
    ],
    rows: network.groups,
    sort: {key: 'off', descending: true},
  }).element;
}
