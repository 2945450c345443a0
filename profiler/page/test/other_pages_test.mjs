// The pages of a comparison and of a sweep in a real browser. Usage: node other_pages_test.mjs PRESIL
import assert from 'node:assert/strict';
import {after, test} from 'node:test';

import {drawAll, openPage, startBrowser, texts} from './browser.mjs';
import {compare, says, simulate, sweep as sweepOf, withDocument} from './documents.mjs';

const browser = await startBrowser();
const presil = process.argv[2];
const {html, run} = simulate(presil, 'mobilenet_v2', 'ne-nano');
after(() => browser.close());

const diff = {
  kind: 'diff',
  a: {model: 'net', chip: 'small', latency_us: 2000},
  b: {model: 'net', chip: 'large', latency_us: 500},
  warnings: ['the networks differ'],
  differences: [{key: '--set', a: 'nothing', b: 'sram.kib=512'}],
  totals: [
    {name: 'latency_us', unit: 'us', a: 2000, b: 500, change_percent: -75},
    {name: 'energy_pj', unit: 'pJ', a: 3e8, b: 3.3e8, change_percent: 10},
  ],
  groups: [
    {
      name: 'a',
      a_cycles: 100,
      b_cycles: 40,
      delta_us: -60,
      share_of_change: 0.04,
      why: 'less waiting',
    },
    {
      name: 'gone',
      a_cycles: 1500,
      b_cycles: null,
      delta_us: -1500,
      share_of_change: 1,
      why: 'fused',
    },
    {
      name: 'c',
      a_cycles: 400,
      b_cycles: 460,
      delta_us: 60,
      share_of_change: -0.04,
      why: 'smaller tiles',
    },
  ],
};

const sweep = {
  kind: 'sweep',
  model: 'net',
  chip: 'base',
  axes: [
    {key: 'sram.kib', values: [256, 512]},
    {key: 'cores', values: [1, 2]},
  ],
  points: [
    {
      values: {'sram.kib': 256, cores: 1},
      ok: true,
      latency_us: 900,
      energy_pj: 3e8,
      area_mm2: 1,
      utilisation: 0.5,
      peak_sram_bytes: 250000,
      pareto: true,
      knee: false,
    },
    {values: {'sram.kib': 256, cores: 2}, ok: false, error: 'nothing fits', latency_us: null},
    {
      values: {'sram.kib': 512, cores: 1},
      ok: true,
      latency_us: 700,
      energy_pj: 3.2e8,
      area_mm2: 1.2,
      utilisation: 0.6,
      peak_sram_bytes: 400000,
      pareto: true,
      knee: true,
    },
    {
      values: {'sram.kib': 512, cores: 2},
      ok: true,
      latency_us: 800,
      energy_pj: 4e8,
      area_mm2: 2,
      utilisation: 0.3,
      peak_sram_bytes: 400000,
      pareto: false,
      knee: false,
    },
  ],
};

const withPage = (name, document, options, body) =>
  withFile(withDocument(html, name, document), options, body);

async function withFile(file, options, body) {
  const page = await openPage(browser, file, options);
  await body(page);
  assert.deepEqual(page.problems, []);
  await page.close();
}

test('a comparison says which is faster and where the change is', () =>
  withPage('diff', diff, {}, async (page) => {
    await drawAll(page);
    const words = await page.locator('.verdict').innerText();
    assert.ok(
      words
        .replaceAll('\u00a0', ' ')
        .startsWith('b takes 500 µs instead of 2.00 ms: 4.00× as fast.'),
      words,
    );
    assert.ok(words.includes('gone'), words);
    const summary = await page.locator('#summary').innerText();
    assert.ok(
      summary.includes('the networks differ') && summary.includes('nothing → sram.kib=512'),
      summary,
    );
    assert.ok(says((await texts(page, '#summary .value'))[1], 3.3e8));
    await page.locator('#groups thead th[data-key="delta_us"] button').click();
    assert.deepEqual(await texts(page, '#groups tbody th'), ['c', 'a', 'gone']);
    const gone = await page.locator('#groups tbody tr').nth(2).innerText();
    assert.ok(gone.includes('1,500') && gone.includes('–') && gone.includes('fused'), gone);
  }));

test('a sweep shows its front, its knee and its failures', () =>
  withPage('sweep', sweep, {}, async (page) => {
    await drawAll(page);
    const words = await page.locator('.verdict').innerText();
    assert.ok(words.startsWith('2 of 3 points are on the front'), words);
    assert.ok(words.includes('sram.kib=512, cores=1'), words);
    assert.deepEqual(await texts(page, '#points td[data-key="front"]'), [
      'front',
      'failed',
      'knee',
      '',
    ]);
    assert.ok((await page.locator('#failed').innerText()).includes('nothing fits'));
    for (const button of await page.locator('#pareto .choice button').all()) await button.click();
  }));

test('what presil diff writes is shown', async () => {
  const {html: file, diff: real} = compare(
    presil,
    run,
    simulate(presil, 'mobilenet_v2', 'ne-max').run,
  );
  await withFile(file, {}, async (page) => {
    await drawAll(page);
    const rows = page.locator('#groups tbody tr');
    assert.equal(await rows.count(), Math.min(real.groups.length, 100));
    for (const [index, group] of real.groups.slice(0, 5).entries())
      assert.ok(
        says(await rows.nth(index).locator('[data-key="delta_us"]').innerText(), group.delta_us),
      );
    const latency = await page.locator('#totals tr').nth(1).locator('[data-key="b"]').innerText();
    assert.ok(says(latency, real.b.latency_us), latency);
  });
});

test('what presil sweep writes is shown', async () => {
  const {html: file, sweep: real} = sweepOf(presil, 'ds_cnn', 'ne-nano');
  await withFile(file, {}, async (page) => {
    await drawAll(page);
    const rows = page.locator('#points tbody tr');
    assert.equal(await rows.count(), real.points.length);
    for (const [index, point] of real.points.entries()) {
      const text = await rows.nth(index).locator('[data-key="latency_us"]').innerText();
      if (point.ok) assert.ok(says(text, point.latency_us), text);
    }
    assert.equal(
      await page.locator('#points tr.marked').count(),
      real.points.filter((point) => point.pareto).length,
    );
  });
});

test('both fit 400 pixels, dark', async () => {
  for (const [name, document] of Object.entries({diff, sweep}))
    await withPage(name, document, {width: 400, colorScheme: 'dark'}, async (page) => {
      await drawAll(page);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 400);
    });
});

test('documents that lack everything, and kinds that nobody knows, are no crash', async () => {
  await withPage('no-diff', {kind: 'diff'}, {}, (page) => page.locator('#groups').waitFor());
  await withPage('no-sweep', {kind: 'sweep'}, {}, (page) => page.locator('#points').waitFor());
  await withPage('unknown', {kind: 'poem'}, {}, async (page) => {
    assert.ok((await page.locator('.failure').innerText()).includes('"poem"'));
  });
});
