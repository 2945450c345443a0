// Bytes over the memories' ports: by reason and by tensor.
import {el} from '../dom';
import * as format from '../format';
import type {Memory, MemoryTensor, Run} from '../run_document';
import {section, type Section} from '../section';
import {stackedBar} from '../stacked_bar';
import {Table, type Column} from '../table';
import {seriesVariable} from '../theme';
import {kReasons} from '../words';

export function traffic(run: Run): Section {
  const memories = (run.memories ?? []).map((memory) => memoryBox(run, memory));
  const tensors = run.memory_profile?.memory_tensors ?? [];
  const content: Node[] = [el('div', {class: 'columns'}, ...memories)];
  if (tensors.length > 0) content.push(el('h3', {}, 'By tensor'), tensorTable(tensors));
  return section(
    'traffic',
    'Memory traffic',
    'Bytes over the port of each memory outside SRAM, by reason and by tensor. Re-read: bytes read more than once.',
    ...content,
  );
}

function memoryBox(run: Run, memory: Memory): HTMLElement {
  const reasons = Object.keys(kReasons);
  const parts = (bytes: Record<string, number> | undefined, suffix: string) =>
    reasons.map((reason, index) => ({
      key: `${reason}.${suffix}`,
      label: `${kReasons[reason]} ${suffix}`,
      value: bytes?.[reason] ?? 0,
      color: seriesVariable(suffix === 'read' ? index : index + 4),
    }));
  const all = (memory.read_bytes ?? 0) + (memory.write_bytes ?? 0);
  const rate = run.total_us ? all / run.total_us / 1000 : undefined;
  return el(
    'div',
    {'data-memory': memory.name},
    el('h3', {}, `${memory.name}: ${format.bytes(all)}`),
    el(
      'p',
      {class: 'note'},
      `${format.bytes(memory.read_bytes)} read, ${format.bytes(memory.write_bytes)} written; ` +
        `${format.number(rate)} of ${format.number(memory.peak_gb_per_s)} GB/s on average` +
        (rate !== undefined ? ` (${format.percent(rate / memory.peak_gb_per_s, 0)})` : ''),
    ),
    stackedBar(
      `Bytes of ${memory.name}`,
      [
        ...parts(memory.read_bytes_by_reason, 'read'),
        ...parts(memory.write_bytes_by_reason, 'written'),
      ],
      format.bytes,
    ),
  );
}

function tensorTable(tensors: MemoryTensor[]): HTMLElement {
  const moved = (tensor: MemoryTensor) => tensor.read_bytes + tensor.write_bytes;
  const most = Math.max(...tensors.map(moved), 1);
  const bytes = (
    key: 'bytes' | 'read_bytes' | 'write_bytes' | 'reread_bytes',
    label: string,
  ): Column<MemoryTensor> => ({
    key,
    label,
    value: (tensor) => tensor[key],
    text: (tensor) => format.bytes(tensor[key]),
  });
  const table = new Table<MemoryTensor>({
    label: 'Tensors in memory',
    columns: [
      {
        key: 'name',
        label: 'Tensor',
        value: (tensor) => tensor.name,
        text: (tensor) => tensor.name,
        cell: (tensor) => el('span', {class: 'layer', title: tensor.name}, tensor.name),
      },
      {
        key: 'memory',
        label: 'Memory',
        value: (tensor) => tensor.memory,
        text: (tensor) => tensor.memory,
      },
      {
        key: 'use',
        label: 'Use',
        value: (tensor) => tensor.use,
        text: (tensor) => kReasons[tensor.use] ?? tensor.use,
      },
      {
        key: 'moved',
        label: 'Moved',
        value: moved,
        text: (tensor) => format.bytes(moved(tensor)),
        bar: (tensor) => moved(tensor) / most,
      },
      bytes('read_bytes', 'Read'),
      bytes('write_bytes', 'Written'),
      bytes('reread_bytes', 'Re-read'),
      bytes('bytes', 'Size'),
    ],
    rows: tensors,
    search: (tensor) => `${tensor.name} ${tensor.memory} ${kReasons[tensor.use] ?? tensor.use}`,
    sort: {key: 'moved', descending: true},
  });
  return table.element;
}
