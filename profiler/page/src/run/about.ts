// What was run, with what, and how far the result may be trusted.
import {el} from '../dom';
import * as format from '../format';
import type {Run} from '../run_document';
import {section, type Section} from '../section';

export function about(run: Run): Section {
  const facts: [string, string][] = [
    [
      'presil',
      `${run.presil_version ?? format.kNone}, simulator version ${run.simulator_version ?? format.kNone}`,
    ],
    [
      'Network',
      `${run.network ?? run.model ?? format.kNone} (graph ${run.graph_hash ?? format.kNone})`,
    ],
    [
      'Chip',
      `${run.chip ?? format.kNone} (${run.chip_hash ?? format.kNone}), ${run.cores ?? 1} cores at ${format.integer(run.clock_mhz)} MHz`,
    ],
    ['Options', optionText(run)],
    [
      'Bounds',
      `${format.cycles(run.lower_bound_cycles)} to ${format.cycles(run.upper_bound_cycles)} cycles for this schedule; roofline ${format.cycles(run.roofline_cycles)}`,
    ],
    [
      'MACs',
      `${format.integer(run.macs)} of the network, ${format.integer(run.macs_executed)} executed (rows computed again included)`,
    ],
    [
      'Parameters',
      `${format.bytes(run.parameter_bytes)} as stored, ${format.bytes(run.parameter_bytes_as_run)} as run`,
    ],
    [
      'Peak activations',
      `${format.bytes(run.peak_activation_bytes)} alive at once, in the types of the model`,
    ],
    ['Commands', format.integer(run.commands)],
    [
      'Document',
      `schema version ${run.schema_version ?? format.kNone}; it is inside this file, and \`presil simulate --json\` writes the same`,
    ],
  ];
  return section(
    'about',
    'About this run',
    '',
    el(
      'dl',
      {class: 'facts'},
      ...facts.flatMap(([name, text]) => [el('dt', {}, name), el('dd', {}, text)]),
    ),
  );
}

/** What was asked for beyond model and chip. */
export function optionText(run: Run): string {
  const options = run.options ?? {};
  const list = [
    options.inference === 'steady' ? 'steady state' : 'first inference',
    ...(options.set ?? []).map((each) => `${each.key}=${each.value}`),
    options.precision ? `precision ${options.precision}` : '',
    (options.batch ?? 1) > 1 ? `batch of ${options.batch}` : '',
    (options.inferences ?? 1) > 1 ? `${options.inferences} inferences back to back` : '',
    options.pinned ? 'pinned mapping' : '',
    options.ideal_memory ? 'ABLATION: ideal memory' : '',
    options.no_contention ? 'ABLATION: no contention' : '',
  ];
  return list.filter((text) => text !== '').join(', ');
}
