// Where the multiply-accumulate slots of the arrays go, as parts of a whole.
import type {Part} from '../stacked_bar';
import type {MacSlots, Parts} from '../run_document';
import {causeVariable} from '../theme';
import {kSlots} from '../words';

/** Every part of `slots`, useful work first; they add up to its peak. */
export function slotParts(slots: Partial<MacSlots>): Part[] {
  const flat: Parts = {done: slots.done ?? 0, recompute: slots.recompute ?? 0};
  for (const [name, value] of Object.entries(slots.lanes ?? {})) flat[`lanes.${name}`] = value;
  for (const [name, value] of Object.entries(slots.pipeline ?? {}))
    flat[`pipeline.${name}`] = value;
  flat.memory = slots.memory ?? 0;
  flat.idle = slots.idle ?? 0;
  return Object.entries(flat).map(([key, value]) => ({
    key,
    label: kSlots[key]?.label ?? key,
    value,
    why: kSlots[key]?.why,
    color: causeVariable(key.replace('pipeline.', '').replace('lanes.', 'lanes-')),
  }));
}
