// What `presil compare --json` writes (docs/json_schema.md, `kind: compare`).

export interface GroupCompared {
  name: string;
  family: string;
  stages: number;
  simulated_cycles: number;
  estimated_cycles: number;
  low_cycles: number;
  high_cycles: number;
  prior_cycles: number;
  /** What it would need without neighbours; one whose window is far less is not judged. */
  own_work_cycles: number;
  judged: boolean;
  bound_by: string;
  prior_bound_by: string;
  reason: string;
}

export interface NetworkCompared {
  model: string;
  chip: string;
  family: string;
  simulated_cycles: number;
  estimated_cycles: number;
  low_cycles: number;
  high_cycles: number;
  estimated_as_compiled_cycles: number;
  simulated_pj: number;
  estimated_pj: number;
  simulate_seconds: number;
  estimate_seconds: number;
  compiled_groups: number;
  planned_otherwise_cycles: number;
  groups_out_of_range: number;
  /** Share of the cycles that are in the wrong group. */
  misplaced: number;
  reason: string;
  groups: GroupCompared[];
}

export interface Accuracy {
  level: Level;
  family: string;
  chip: string;
  cases: number;
  mape: number;
  median: number;
  p95: number;
  worst: number;
  within_5: number;
  within_10: number;
  bias: number;
  kendall_tau: number;
  spearman: number;
  coverage_90: number;
}

export interface CompareDocument {
  estimator?: {file?: string; source?: string; cases?: number; chips?: number};
  speed_up?: {least: number; median: number; most: number};
  energy?: {mape: number; median: number; worst: number; bias: number};
  accuracy?: Accuracy[];
  comparisons?: NetworkCompared[];
  failures?: {model: string; chip: string; error: string}[];
}

export type Level = 'network' | 'subgraph' | 'operator';

export const kLevels: {value: Level; text: string; many: string}[] = [
  {value: 'network', text: 'Networks', many: 'networks'},
  {value: 'subgraph', text: 'Subgraphs', many: 'depth-first groups of several layers'},
  {value: 'operator', text: 'Operators', many: 'groups of one layer'},
];

/** A network or a group, as a point of the charts. */
export interface Case {
  level: Level;
  model: string;
  chip: string;
  /** Of a group; '' for a network. */
  group: string;
  family: string;
  simulated: number;
  estimated: number;
  inside: boolean;
  reason: string;
  network: NetworkCompared;
}

/** Relative to the simulated cycles; a window of 0 counts as 1, as in the table of accuracy. */
export function error(each: {simulated: number; estimated: number}): number {
  return each.estimated / Math.max(1, each.simulated) - 1;
}

/** The networks, and the groups that are judged. */
export function casesOf(comparisons: NetworkCompared[]): Case[] {
  return comparisons.flatMap((network) => [
    caseOf(network, network, 'network', '', network.family),
    ...(network.groups ?? [])
      .filter((group) => group.judged)
      .map((group) => {
        const level = group.stages > 1 ? 'subgraph' : 'operator';
        return caseOf(network, group, level, group.name, group.family);
      }),
  ]);
}

function caseOf(
  network: NetworkCompared,
  of: NetworkCompared | GroupCompared,
  level: Level,
  group: string,
  family: string,
): Case {
  const simulated = of.simulated_cycles;
  return {
    level,
    model: network.model,
    chip: network.chip,
    group,
    family,
    simulated,
    estimated: of.estimated_cycles,
    inside: of.low_cycles <= simulated && simulated <= of.high_cycles,
    reason: of.reason ?? '',
    network,
  };
}
