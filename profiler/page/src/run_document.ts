// What a run's document says (docs/json_schema.md). Every key may be absent: the page also opens
// documents of an older presil.

export type Parts = Record<string, number>;

export interface MacSlots {
  peak: number;
  done: number;
  recompute: number;
  lanes: Parts;
  pipeline: Parts;
  memory: number;
  idle: number;
  factors: Parts;
}

export interface EnergyParts {
  memories?: {name: string; energy_pj: number}[];
  [part: string]: number | {name: string; energy_pj: number}[] | undefined;
}

export interface Group {
  name: string;
  ops: string[];
  kinds: string;
  main_kind: string;
  shape: string;
  precision: string;
  latency_cycles: number;
  latency_us: number;
  share: number;
  begin_cycle: number;
  end_cycle: number;
  macs: number;
  macs_executed: number;
  utilisation: number;
  bound_by: string;
  on_host: boolean;
  memory_read_bytes: number;
  memory_write_bytes: number;
  memory_read_by_reason: Parts;
  memory_write_by_reason: Parts;
  commands: number;
  sram_in_use_bytes: number;
  energy_pj: number;
  energy_parts_pj: EnergyParts;
  engines: Record<string, Parts>;
  mac_slots: MacSlots;
  critical_path: Parts;
  dram_bytes: number;
  sram_bytes_moved: number;
  macs_per_dram_byte: number | null;
  macs_per_sram_byte: number | null;
  achieved_gmacs: number;
  roof_gmacs: number;
  roof: string;
}

export interface Memory {
  name: string;
  peak_gb_per_s: number;
  read_bytes: number;
  write_bytes: number;
  read_bytes_by_reason: Parts;
  write_bytes_by_reason: Parts;
}

export interface PathStep {
  begin_cycle: number;
  end_cycle: number;
  group: number;
  engine: string;
  core: number;
  reason: string;
  commands: number;
}

export interface SramTensor {
  name: string;
  use: string;
  group: number;
  address: number;
  bytes: number;
  begin_cycle: number;
  end_cycle: number;
}

export interface MemoryTensor {
  name: string;
  memory: string;
  use: string;
  bytes: number;
  read_bytes: number;
  write_bytes: number;
  reread_bytes: number;
}

export interface MemoryProfile {
  sram_over_time?: {cycle: number; bytes: number}[];
  sram_tensors?: SramTensor[];
  sram_peak?: {cycle: number; bytes: number; tensors: number[]};
  memory_tensors?: MemoryTensor[];
}

export type Interval = [begin: number, end: number, group: number, state: number];

export interface Timeline {
  states: string[];
  engines: {engine: string; core: number; lane: number; intervals: Interval[]}[];
}

export interface Advice {
  group: number;
  name: string;
  latency_share: number;
  bound_by: string;
  /** A sentence: what limits it. */
  limit: string;
  /** A sentence: what would help. */
  change: string;
  gain_cycles: number | null;
}

/** The same run with one thing changed; without numbers where it could not run. */
export interface WhatIf {
  change: string;
  keys: string;
  reason: string;
  latency_cycles?: number;
  latency_us?: number;
  energy_pj?: number;
  dram_bytes?: number;
  bound_by?: string;
}

export interface Engine {
  engine: string;
  core: number;
  lane: number;
  busy_cycles: number;
  stalled_cycles: Parts;
}

export interface RunOptions {
  set?: {key: string; value: string}[];
  precision?: string | null;
  inference?: string;
  batch?: number;
  inferences?: number;
  host_ops?: boolean;
  pinned?: boolean;
  ideal_memory?: boolean;
  no_contention?: boolean;
}

export interface RunDocument {
  schema_version: number;
  presil_version: string;
  simulator_version: number | string;
  model: string;
  network: string;
  graph_hash: string;
  chip: string;
  chip_hash: string;
  options: RunOptions;
  clock_mhz: number;
  cores: number;
  latency_cycles: number;
  latency_us: number;
  total_cycles: number;
  total_us: number;
  host_link_cycles: number;
  inferences_per_second: number;
  macs: number;
  macs_executed: number;
  utilisation: number;
  effective_tops: number;
  peak_tops: number;
  bound_by: string;
  cycles_by_bound: Parts;
  roofline_cycles: number;
  lower_bound_cycles: number;
  upper_bound_cycles: number;
  parameter_bytes: number;
  parameter_bytes_as_run: number;
  peak_activation_bytes: number;
  sram_bytes: number;
  peak_sram_bytes: number;
  dram_read_bytes: number;
  dram_write_bytes: number;
  memories: Memory[];
  energy_pj: number;
  energy_parts_pj: EnergyParts;
  average_power_mw: number;
  host_share: number;
  engines: Engine[];
  commands: number;
  groups: Partial<Group>[];
  mac_slots: MacSlots;
  critical_path: {cycles?: Parts; path?: PathStep[]};
  memory_profile: MemoryProfile;
  roofline: {
    roofs?: {precision: string; peak_gmacs: number}[];
    bandwidths?: {name: string; gbytes_per_s: number}[];
  };
  energy_by_precision: {precision: string; macs: number; energy_pj: number}[];
  cpu_baseline: {name: string; latency_us: number; energy_pj: number; source: string} | null;
  advice: Partial<Advice>[];
  what_if: WhatIf[];
  timeline: Timeline;
}

export type Run = Partial<RunDocument>;

/** Adds up the parts of a breakdown. */
export function sum(parts: Parts | undefined): number {
  return Object.values(parts ?? {}).reduce((total, part) => total + part, 0);
}

/** Energy as name -> picojoules, the memories under their own names. */
export function energyParts(parts: EnergyParts | undefined): Parts {
  const flat: Parts = {};
  for (const [name, value] of Object.entries(parts ?? {}))
    if (typeof value === 'number') flat[name] = value;
  for (const memory of parts?.memories ?? []) flat[memory.name] = memory.energy_pj;
  return flat;
}

/** The window of a group; without one in the document, its place in the order of the groups. */
export function windows(run: Run): {begin: number; end: number}[] {
  let at = 0;
  return (run.groups ?? []).map((group) => {
    const begin = group.begin_cycle ?? at;
    const end = group.end_cycle ?? begin + (group.latency_cycles ?? 0);
    at = end;
    return {begin, end};
  });
}
