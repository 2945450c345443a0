// Reports to look at: real ones that presil writes, and the same page with other documents.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'presil-page-'));
process.on('exit', () => fs.rmSync(folder, {recursive: true, force: true}));

const kBefore = '<script type="application/json" id="document">';

/** Simulates, the changed chips too; gives the path of the page and what --json says of the same run. */
export function simulate(presil, model, chip) {
  const html = path.join(folder, `${model}-${chip}.html`);
  const json = path.join(folder, `${model}-${chip}.json`);
  const files = ['--report', html, '--json', json];
  execFileSync(presil, ['simulate', model, '--chip', chip, ...files]);
  return {html, run: JSON.parse(fs.readFileSync(json, 'utf8'))};
}

/** Two simulations compared: the page, and what --json says. */
export function compare(presil, a, b) {
  const [html, json] = [path.join(folder, 'diff.html'), path.join(folder, 'diff.json')];
  const file = (run, name) => {
    const at = path.join(folder, name);
    fs.writeFileSync(at, JSON.stringify(run));
    return at;
  };
  execFileSync(presil, [
    'diff',
    file(a, 'a.json'),
    file(b, 'b.json'),
    '--html',
    html,
    '--json',
    json,
  ]);
  return {html, diff: JSON.parse(fs.readFileSync(json, 'utf8'))};
}

/** A small sweep of the smallest example: the page, and what --json says. */
export function sweep(presil, model, chip) {
  const [html, json] = [path.join(folder, 'sweep.html'), path.join(folder, 'sweep.json')];
  const axes = ['--vary', 'sram.kib=64..256*2', '--vary', 'mac_array.parallelism_factor=8,16'];
  const files = ['--html', html, '--json', json, '--workers', '1'];
  execFileSync(presil, ['sweep', model, '--chip', chip, ...axes, ...files]);
  return {html, sweep: JSON.parse(fs.readFileSync(json, 'utf8'))};
}

/** A small estimator. */
export function trained(presil) {
  const [db, est] = [path.join(folder, 'samples.db'), path.join(folder, 'small.est')];
  execFileSync(presil, ['collect', '--plan', 'small', '--samples', '200', '--out', db]);
  execFileSync(presil, ['train', db, '--out', est]);
  return est;
}

/** An estimator held against the simulator: the page, and what --json says. */
export function estimated(presil, estimator, models, chips) {
  const [html, json] = [path.join(folder, 'compare.html'), path.join(folder, 'compare.json')];
  const what = ['--estimator', estimator, '--models', models, '--chips', chips];
  execFileSync(presil, ['compare', ...what, '--html', html, '--json', json]);
  return {html, compare: JSON.parse(fs.readFileSync(json, 'utf8'))};
}

/** The page `html` with another document in it. */
export function withDocument(html, name, document) {
  const text = fs.readFileSync(html, 'utf8');
  const from = text.indexOf(kBefore) + kBefore.length;
  const to = text.indexOf('</script>', from);
  const json = JSON.stringify(document).replaceAll('<', '\\u003c');
  const file = path.join(folder, `${name}.html`);
  fs.writeFileSync(file, text.slice(0, from) + json + text.slice(to));
  return file;
}

/** A run of `count` groups: the groups of `run` again and again, and what refers to them. */
export function stretched(run, count) {
  const times = Math.ceil(count / run.groups.length);
  const length = run.total_cycles;
  const repeat = (list, change) =>
    Array.from({length: times}, (_, turn) => (list ?? []).map((each) => change(each, turn))).flat();
  const later = (each, turn) => ({
    ...each,
    begin_cycle: each.begin_cycle + turn * length,
    end_cycle: each.end_cycle + turn * length,
  });
  const groupOf = (group, turn) => (group < 0 ? group : group + turn * run.groups.length);
  const big = structuredClone(run);
  big.total_cycles = length * times;
  big.groups = repeat(run.groups, (group, turn) => ({
    ...later(group, turn),
    name: `${turn}/${group.name}`,
  })).slice(0, count);
  if (run.critical_path)
    big.critical_path.path = repeat(run.critical_path.path, (step, turn) => ({
      ...later(step, turn),
      group: groupOf(step.group, turn),
    })).slice(0, 2000);
  if (run.memory_profile) {
    const memory = run.memory_profile;
    big.memory_profile.sram_tensors = repeat(memory.sram_tensors, later);
    big.memory_profile.memory_tensors = repeat(memory.memory_tensors, (tensor) => tensor);
  }
  if (run.timeline)
    for (const engine of big.timeline.engines)
      engine.intervals = repeat(engine.intervals, ([begin, end, group, state], turn) => [
        begin + turn * length,
        end + turn * length,
        groupOf(group, turn),
        state,
      ]).slice(0, 2000);
  return big;
}

const kUnits = {
  '%': 0.01,
  ns: 1e-3,
  µs: 1,
  ms: 1e3,
  s: 1e6,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  pJ: 1,
  nJ: 1e3,
  µJ: 1e6,
  mJ: 1e9,
  J: 1e12,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  '/s': 1,
  '': 1,
  µW: 1e-3,
  mW: 1,
  W: 1e3,
};

/** "4.07 MiB" -> 4267704.32; times are in microseconds, energies in picojoules. */
export function parsed(text) {
  const [, number, unit] =
    /^([-−+]?[\d,.]+)\s*(\S*)/.exec(text.replaceAll('\u00a0', ' ').trim()) ?? [];
  if (number === undefined || !(unit in kUnits)) throw new Error(`no quantity: "${text}"`);
  return Number(number.replaceAll(',', '').replace('−', '-')) * kUnits[unit];
}

/** Is a text of three digits this value? */
export function says(text, value) {
  return Math.abs(parsed(text) - value) <= Math.max(Math.abs(value) * 0.0051, 0.0051);
}
