// Plain English for the names that documents use.
import {el} from './dom';
import {causeVariable} from './theme';

/** What the critical path spends its cycles on. */
export const kLimits: Record<string, {label: string; sentence: string}> = {
  compute: {label: 'compute', sentence: 'the MAC array at work'},
  vector: {label: 'vector', sentence: 'the vector unit at work'},
  memory: {label: 'memory', sentence: 'waiting for bytes from or to memory'},
  weight_load: {label: 'weight load', sentence: 'loading weights into the array'},
  fill_drain: {label: 'fill and drain', sentence: 'filling and draining the array'},
  output_limit: {label: 'output limit', sentence: 'results leaving the accumulators'},
  bank_conflict: {label: 'bank conflicts', sentence: 'conflicts in the SRAM banks'},
  control: {label: 'control', sentence: 'the sequencer issuing commands'},
  host: {label: 'host', sentence: 'operators on the host and its link'},
  other: {label: 'short steps', sentence: 'many short steps'},
};

/** What an engine does. */
export const kStates: Record<string, string> = {
  busy: 'busy',
  dependency: 'waits for another engine',
  dma: 'waits for bytes',
  bank_conflict: 'bank conflicts',
  fill_drain: 'fill and drain',
  weight_load: 'weight load',
  output_limit: 'output limit',
  issue: 'issue',
  idle: 'idle',
};

/** Where multiply-accumulate slots go: `group.name` of mac_slots. */
export const kSlots: Record<string, {label: string; why: string}> = {
  done: {label: 'useful work', why: 'multiply-accumulates that the network defines'},
  recompute: {label: 'computed again', why: 'rows computed more than once'},
  'lanes.outputs': {
    label: 'lanes: output channels',
    why: 'output channels do not fill the parallelism factor',
  },
  'lanes.channels': {
    label: 'lanes: input channels',
    why: 'input channels do not fill the dot length',
  },
  'lanes.positions': {label: 'lanes: positions', why: 'pixels do not fill the stripes'},
  'lanes.taps': {label: 'lanes: taps', why: 'kernel taps do not fill the dot length'},
  'lanes.depthwise': {
    label: 'lanes: depthwise',
    why: 'a depthwise convolution uses only some of the array',
  },
  'pipeline.fill_drain': {label: 'fill and drain', why: 'the array fills and drains'},
  'pipeline.weight_load': {label: 'weight load', why: 'weights move into the array'},
  'pipeline.output_limit': {label: 'output limit', why: 'results leave the accumulators'},
  'pipeline.bank_conflict': {label: 'bank conflicts', why: 'SRAM banks are asked at once'},
  'pipeline.issue': {label: 'issue', why: 'the sequencer issues commands'},
  'pipeline.dependency': {label: 'waits for engines', why: 'the array waits for another engine'},
  memory: {label: 'waits for memory', why: 'the array waits for bytes'},
  idle: {label: 'idle', why: 'the array has no work left or none of this network'},
};

export const kReasons: Record<string, string> = {
  input: 'network inputs',
  weights: 'weights',
  output: 'network outputs',
  spill: 'spilled activations',
};

export const kEnergy: Record<string, string> = {
  mac: 'MACs',
  sram: 'SRAM',
  vector: 'vector unit',
  control: 'control',
  idle: 'idle',
};

/** Chains have the names of all their members: the first and the last tell them apart. */
export function shortName(name: string | undefined): string {
  const members = (name ?? '–').split('+');
  return members.length > 2
    ? `${members[0]} … ${members[members.length - 1]}`
    : members.join(' + ');
}

export function limit(name: string | undefined): string {
  return name === undefined ? '–' : (kLimits[name]?.label ?? name.replaceAll('_', ' '));
}

/** The limit with its colour. */
export function limitTag(name: string | undefined): HTMLElement {
  const tag = el('span', {class: 'tag'}, limit(name));
  tag.style.setProperty('--tag', causeVariable(name ?? ''));
  return tag;
}

export function engineName(engine: string, core: number, lane: number, cores: number): string {
  const name = engine === 'dma' ? `dma ${lane}` : engine === 'mac' ? 'MAC' : engine;
  return cores > 1 && engine !== 'host' ? `core ${core} ${name}` : name;
}
