// The page of estimates held against the simulator, in a real browser. Usage: node compare_page_test.mjs PRESIL
import assert from 'node:assert/strict';
import {after, test} from 'node:test';

import {drawAll, openPage, startBrowser, texts} from './browser.mjs';
import {estimated, parsed, says, trained, withDocument} from './documents.mjs';

const browser = await startBrowser();
const presil = process.argv[2];
const small = trained(presil);
const {html, compare: real} = estimated(presil, small, 'ds_cnn,resnet18', 'ne-nano,ne-base');
after(() => browser.close());

const group = (name, stages, simulated, cycles) => ({
  name,
  family: stages > 1 ? 'Conv+DepthwiseConv' : 'Conv',
  stages,
  simulated_cycles: simulated,
  estimated_cycles: cycles,
  low_cycles: 0.95 * cycles,
  high_cycles: 1.05 * cycles,
  prior_cycles: 0.9 * cycles,
  own_work_cycles: cycles,
  judged: name !== 'beside',
  bound_by: 'memory',
  prior_bound_by: 'compute',
  placed_alike: true,
  out_of_range: '',
  reason: `bound by memory, ${name}`,
});

const network = (model, chip, simulated, cycles) => ({
  model,
  chip,
  family: model,
  simulated_cycles: simulated,
  estimated_cycles: cycles,
  low_cycles: 0.9 * cycles,
  high_cycles: 1.1 * cycles,
  estimated_as_compiled_cycles: simulated,
  simulated_pj: 1e9,
  estimated_pj: 1.1e9,
  simulate_seconds: 0.1,
  estimate_seconds: 0.001,
  compiled_groups: 4,
  planned_otherwise_cycles: 0,
  groups_out_of_range: 0,
  misplaced: 0.123,
  reason: `why ${model} is off`,
  groups: [
    group('first', 1, 0, 50),
    group('<b>bold</b>', 1, 1000, 1500),
    group('a+b+x;c', 3, 2000, 2100),
    group('beside', 1, 10, 5000),
  ],
});

const accuracy = (level, family, chip, mape) => ({
  level,
  family,
  chip,
  cases: 3,
  mape,
  median: mape,
  p95: 2 * mape,
  worst: 3 * mape,
  within_5: 0.5,
  within_10: 0.75,
  bias: -0.01,
  kendall_tau: 0.9,
  spearman: 0.95,
  near_pairs_in_order: 1,
  coverage_90: 0.8,
});

const document = {
  kind: 'compare',
  estimator: {file: 'ne.est', source: 'samples', cases: 12345, rows: 20000, chips: 16},
  energy: {mape: 0.071, median: 0.05, worst: 0.2, bias: 0.01},
  speed_up: {least: 50, median: 400, most: 2300},
  accuracy: [
    accuracy('network', '', '', 0.04),
    accuracy('network', '', 'small', 0.06),
    accuracy('operator', '', '', 0.08),
    accuracy('operator', 'Conv', '', 0.12),
  ],
  comparisons: [
    network('near', 'small', 1e6, 1.01e6),
    network('far', 'large', 2e5, 3e5),
    network('low', 'large', 3e5, 2.4e5),
  ],
  failures: [{model: 'odd', chip: 'small', error: 'nothing fits'}],
};

async function withFile(file, options, body) {
  const page = await openPage(browser, file, options);
  await body(page);
  assert.deepEqual(page.problems, []);
  await page.close();
}

const withPage = (name, shown, options, body) =>
  withFile(withDocument(html, name, shown), options, body);

test('it says how far off, in which order, how fast and how sure', () =>
  withPage('made', document, {}, async (page) => {
    await drawAll(page);
    const words = (await page.locator('.verdict').innerText()).replaceAll('\u00a0', ' ');
    assert.ok(words.startsWith('An estimate is 4.0 % off on average'), words);
    const summary = (await page.locator('#summary').innerText()).replaceAll('\u00a0', ' ');
    for (const part of ['400×', '50.0× to 2,300×', '80.0 %', '0.900', '12,345', '12.3 %', '7.1 %'])
      assert.ok(summary.includes(part), `${part} in ${summary}`);
    assert.deepEqual(await texts(page, '#accuracy td[data-key="of"]'), [
      'all',
      'all',
      'on small',
      'Conv',
    ]);
    assert.ok((await page.locator('#failed').innerText()).includes('nothing fits'));
  }));

test('the worst are shown with their reason, at every level', () =>
  withPage('made', document, {}, async (page) => {
    const names = () => texts(page, '#worst tbody th');
    assert.deepEqual(await names(), ['far on large', 'low on large', 'near on small']);
    assert.deepEqual((await texts(page, '#worst td[data-key="reason"]'))[0], 'why far is off');
    await page.locator('#worst .choice button[data-value="operator"]').click();
    assert.equal((await names()).length, 6);
    // By what they cost: a quarter of a percent of 200,000 cycles. Text of strangers is text.
    assert.deepEqual((await names()).slice(0, 2), [
      '<b>bold</b>, far on large',
      '<b>bold</b>, low on large',
    ]);
    assert.ok((await texts(page, '#worst td[data-key="share"]'))[0].startsWith('+0.3'));
    // A window of 0 cycles counts as 1.
    assert.ok((await texts(page, '#worst td[data-key="error"]')).includes('+4900.0\u00a0%'));
    await page.locator('#worst .choice button[data-value="subgraph"]').click();
    assert.ok((await names())[0].startsWith('a … c,'), (await names())[0]);
  }));

test('the charts show every level, and a network its groups', () =>
  withPage('made', document, {}, async (page) => {
    await drawAll(page);
    for (const button of await page.locator('#errors .choice button').all()) await button.click();
    const picture = () => page.locator('#errors .chart').first().screenshot();
    const subgraphs = await picture();
    await page.locator('#errors .choice button[data-value="network"]').click();
    assert.notDeepEqual(await picture(), subgraphs);
    await page.locator('#networks button.row').first().click();
    assert.ok(
      (await page.locator('#networks tr.detail p').innerText()).includes('why near is off'),
    );
    const groups = page.locator('#networks tr.detail tbody tr');
    assert.equal(await groups.count(), 4);
    assert.ok((await groups.first().innerText()).startsWith('beside'));
  }));

test('what presil compare writes is shown', () =>
  withFile(html, {}, async (page) => {
    await drawAll(page);
    const rows = page.locator('#networks tbody tr');
    assert.equal(await rows.count(), real.comparisons.length);
    for (const [index, each] of real.comparisons.entries()) {
      const cell = (key) => rows.nth(index).locator(`[data-key="${key}"]`).innerText();
      assert.equal(parsed(await cell('simulated')), each.simulated_cycles);
      const off = each.estimated_cycles / each.simulated_cycles - 1;
      assert.ok(Math.abs(parsed(await cell('error')) - off) < 0.0006, await cell('error'));
    }
    const overall = real.accuracy.find(
      (row) => row.level === 'network' && !row.chip && !row.family,
    );
    assert.ok(says((await texts(page, '#summary .value'))[0], overall.mape));
    assert.ok(real.comparisons.every((each) => each.groups.length > 0));
  }));

test('it fits 400 pixels, dark', () =>
  withPage('made', document, {width: 400, colorScheme: 'dark'}, async (page) => {
    await drawAll(page);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 400);
  }));

test('a document that lacks everything is no crash', () =>
  withPage('no-compare', {kind: 'compare'}, {}, async (page) => {
    await page.locator('#networks').waitFor();
    assert.ok((await page.locator('.verdict').innerText()).includes('Nothing was compared'));
  }));
