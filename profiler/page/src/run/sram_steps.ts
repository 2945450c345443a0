// SRAM of one core over time, and what lives in it.
import {type Run, type SramTensor, windows} from '../run_document';
import {lastAtOrBefore} from './timeline_rows';

export interface SramStep {
  cycle: number;
  bytes: number;
}

/** Of the document, else the need of each group during its window. */
export function sramSteps(run: Run): SramStep[] {
  const steps = run.memory_profile?.sram_over_time;
  if (steps && steps.length > 0) return steps;
  return windows(run).map((window, group) => ({
    cycle: window.begin,
    bytes: run.groups?.[group].sram_in_use_bytes ?? 0,
  }));
}

export function bytesAt(steps: SramStep[], cycle: number): number {
  return steps[lastAtOrBefore(steps, cycle, (step) => step.cycle)]?.bytes ?? 0;
}

/** Largest first. */
export function tensorsAt(run: Run, cycle: number): SramTensor[] {
  return (run.memory_profile?.sram_tensors ?? [])
    .filter((tensor) => tensor.begin_cycle <= cycle && cycle < tensor.end_cycle)
    .sort((a, b) => b.bytes - a.bytes);
}

export const kUses: Record<string, string> = {
  resident: 'feature map that stays',
  input: 'input',
  weights: 'weights',
  constants: 'constants',
  operand: 'second operand',
  output: 'output',
  inner: 'rows within a chain',
  scratch: 'scratch',
  kept_weights: 'weights that stay',
};

/** The same use has the same colour everywhere. */
export function useIndex(use: string): number {
  const index = Object.keys(kUses).indexOf(use);
  return index < 0 ? 7 : index;
}
