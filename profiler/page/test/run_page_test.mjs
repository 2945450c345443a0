// The report of a run in a real browser. Usage: node run_page_test.mjs PRESIL
import assert from 'node:assert/strict';
import {after, test} from 'node:test';

import {drawAll, openPage, startBrowser, texts} from './browser.mjs';
import {says, simulate, stretched, withDocument} from './documents.mjs';

const presil = process.argv[2];
const browser = await startBrowser();
const {html, run} = simulate(presil, 'mobilenet_v2', 'ne-nano');
after(() => browser.close());

const row = (index) => `#layers tr[data-group="${index}"]`;
const cell = (page, index, key) => page.locator(`${row(index)} [data-key="${key}"]`).innerText();
const tile = (page, key) => page.locator(`#summary [data-key="${key}"] .value`).innerText();
const shownGroups = (page) =>
  page.$$eval('#layers tr[data-group]', (rows) => rows.map((each) => Number(each.dataset.group)));

async function withPage(options, body, file = html) {
  const page = await openPage(browser, file, options);
  await body(page);
  assert.deepEqual(page.problems, []);
  await page.close();
}

test('the totals are those of the JSON', () =>
  withPage({}, async (page) => {
    for (const key of [
      'latency_us',
      'inferences_per_second',
      'utilisation',
      'energy_pj',
      'peak_sram_bytes',
    ])
      assert.ok(
        says(await tile(page, key), run[key]),
        `${key}: ${await tile(page, key)} is not ${run[key]}`,
      );
    assert.ok(says(await tile(page, 'dram_bytes'), run.dram_read_bytes + run.dram_write_bytes));
    const latency = await page.locator('#summary [data-key="latency_us"]').innerText();
    assert.ok(latency.includes(`${run.latency_cycles.toLocaleString('en-US')} cycles`), latency);
    assert.equal(await page.title(), 'mobilenet_v2 on ne-nano · presil');
  }));

test('every layer has the numbers of the JSON', () =>
  withPage({}, async (page) => {
    assert.deepEqual(
      await shownGroups(page),
      run.groups.map((_, index) => index),
    );
    for (const [index, group] of run.groups.entries()) {
      assert.equal(
        await cell(page, index, 'latency_cycles'),
        group.latency_cycles.toLocaleString('en-US'),
      );
      assert.equal(
        (await cell(page, index, 'share')).replace('\u00a0', ' '),
        `${(group.share * 100).toFixed(1)} %`,
      );
      assert.equal(await cell(page, index, 'bound_by'), group.bound_by.replaceAll('_', ' '));
      assert.ok(says(await cell(page, index, 'energy_pj'), group.energy_pj));
      const bytes = group.memory_read_bytes + group.memory_write_bytes;
      assert.ok(says(await cell(page, index, 'memory_bytes'), bytes));
      const members = group.name.split('+');
      const name = await cell(page, index, 'name');
      assert.ok(name.includes(members[0]) && name.endsWith(members.at(-1)), name);
    }
  }));

test('the slots of the array and their factors are those of the JSON', () =>
  withPage({}, async (page) => {
    const slots = run.mac_slots;
    for (const [factor, value] of Object.entries(slots.factors)) {
      const text = await page
        .locator(`#array .chain [data-factor="${factor}"] b`)
        .first()
        .innerText();
      assert.ok(says(text, value), `${factor}: ${text} is not ${value}`);
    }
    const achieved = await page.locator('#array .chain [data-factor="achieved"] b').innerText();
    assert.ok(says(achieved, slots.done / slots.peak));
    const flat = {
      done: slots.done,
      recompute: slots.recompute,
      memory: slots.memory,
      idle: slots.idle,
    };
    for (const [name, value] of Object.entries(slots.lanes)) flat[`lanes.${name}`] = value;
    for (const [name, value] of Object.entries(slots.pipeline)) flat[`pipeline.${name}`] = value;
    const stacked = page.locator('#array .stacked').first();
    for (const [part, value] of Object.entries(flat)) {
      const legend = stacked.locator(`li[data-part="${part}"] .value`);
      assert.equal(await legend.count(), value > 0 ? 1 : 0, part);
      if (value > 0) assert.ok(says(await legend.innerText(), value), part);
    }
    const path = page.locator('#array .stacked').nth(1);
    for (const [limit, value] of Object.entries(run.critical_path.cycles)) {
      if (value === 0) continue;
      const text = await path.locator(`li[data-part="${limit}"] .value`).innerText();
      assert.equal(text, `${value.toLocaleString('en-US')} cycles`);
    }
  }));

test('the advice is that of the JSON and leads to its layer', () =>
  withPage({}, async (page) => {
    const items = page.locator('#advice li');
    assert.equal(await items.count(), run.advice.length);
    for (const [index, advice] of run.advice.entries()) {
      const text = await items.nth(index).innerText();
      assert.ok(text.includes(advice.limit) && text.includes(advice.change), text);
      assert.ok(text.includes(advice.name.split('+')[0]), text);
    }
    await items.first().locator('button').click();
    const detail = page.locator(`${row(run.advice[0].group)} + tr.detail`);
    assert.ok(await detail.isVisible());
    assert.ok((await detail.innerText()).includes(run.groups[run.advice[0].group].shape));
  }));

test('other chips are those of the JSON', () =>
  withPage({}, async (page) => {
    assert.ok(run.what_if.length > 0);
    const rows = page.locator('#advice tbody tr');
    assert.equal(await rows.count(), run.what_if.length);
    for (const [index, variant] of run.what_if.entries()) {
      const text = (key) => rows.nth(index).locator(`[data-key="${key}"]`).innerText();
      assert.equal(await text('change'), variant.change);
      if (variant.latency_us === undefined) continue;
      assert.ok(says(await text('latency_us'), variant.latency_us));
      const change = variant.latency_cycles / run.latency_cycles - 1;
      assert.ok(says(await text('latency_change'), change));
    }
  }));

test('headers sort, by mouse and by keyboard', () =>
  withPage({}, async (page) => {
    const cycles = async () =>
      (await shownGroups(page)).map((index) => run.groups[index].latency_cycles);
    const header = page.locator('#layers th[data-key="latency_cycles"]');
    await header.locator('button').click();
    assert.equal(await header.getAttribute('aria-sort'), 'descending');
    assert.deepEqual(
      await cycles(),
      run.groups.map((group) => group.latency_cycles).sort((a, b) => b - a),
    );
    await header.locator('button').focus();
    await page.keyboard.press('Enter');
    assert.equal(await header.getAttribute('aria-sort'), 'ascending');
    assert.deepEqual(
      await cycles(),
      run.groups.map((group) => group.latency_cycles).sort((a, b) => a - b),
    );
    await page.locator('#layers thead th[data-key="name"] button').click();
    assert.equal(await header.getAttribute('aria-sort'), null);
    assert.deepEqual(
      await shownGroups(page),
      run.groups.map((_, index) => index),
    );
  }));

test('the filter keeps the rows that hold every word', () =>
  withPage({}, async (page) => {
    await page.locator('#layers input[type="search"]').fill('depthwise compute');
    const expected = run.groups.flatMap((group, index) => {
      const text = `${group.name} ${group.kinds} ${group.ops.join(' ')}`.toLowerCase();
      return text.includes('depthwise') && group.bound_by === 'compute' ? [index] : [];
    });
    assert.ok(expected.length > 0 && expected.length < run.groups.length);
    assert.deepEqual(await shownGroups(page), expected);
    const status = await page.locator('#layers [role="status"]').innerText();
    assert.equal(status, `${expected.length} of ${run.groups.length} rows`);
  }));

test('the timeline zooms by wheel, drag, keys and buttons', () =>
  withPage({}, async (page) => {
    const canvas = page.locator('#timeline canvas');
    await canvas.scrollIntoViewIfNeeded();
    await page.waitForFunction(() => document.querySelector('#timeline canvas').dataset.end);
    const shown = async () => {
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
      return canvas.evaluate((each) => [Number(each.dataset.begin), Number(each.dataset.end)]);
    };
    const length = async () => (([begin, end]) => end - begin)(await shown());
    const all = await length();
    const box = await canvas.boundingBox();
    await canvas.focus();
    await page.mouse.move(box.x + box.width / 2, box.y + 40);
    await page.mouse.wheel(0, -300);
    const wheeled = await length();
    assert.ok(wheeled < all * 0.6, `${wheeled} of ${all}`);
    await page.keyboard.press('Home');
    assert.equal(await length(), all);
    await page.keyboard.press('+');
    assert.ok(Math.abs((await length()) - 0.6 * all) < 2);
    await page.keyboard.press('Shift+ArrowRight');
    assert.ok((await shown())[0] > 0);
    await page.locator('#timeline button', {hasText: 'All'}).click();
    assert.equal(await length(), all);
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40, {steps: 4});
    await page.mouse.up();
    assert.ok((await length()) < all * 0.15);
    await canvas.dblclick({position: {x: 300, y: 60}});
    assert.equal(await length(), all);
  }));

test('the pointer of the timeline says what lives in SRAM', () =>
  withPage({}, async (page) => {
    const peak = run.memory_profile.sram_peak;
    await page.locator('#timeline button', {hasText: 'SRAM peak'}).click();
    const heading = await page.locator('#sram-moment h3').innerText();
    assert.ok(says(heading.replace('SRAM ', ''), peak.bytes), heading);
    const names = await texts(page, '#sram-moment .name');
    const living = run.memory_profile.sram_tensors.filter(
      (tensor) => tensor.begin_cycle <= peak.cycle && peak.cycle < tensor.end_cycle,
    );
    assert.equal(names.length, Math.min(living.length, 12));
    for (const name of names)
      assert.ok(
        living.some((tensor) => tensor.name === name),
        name,
      );
  }));

test('memory traffic and energy are those of the JSON', () =>
  withPage({}, async (page) => {
    for (const memory of run.memories) {
      const box = page.locator(`#traffic [data-memory="${memory.name}"]`);
      for (const [reason, value] of Object.entries(memory.read_bytes_by_reason))
        if (value > 0)
          assert.ok(
            says(await box.locator(`li[data-part="${reason}.read"] .value`).innerText(), value),
          );
    }
    const {memories, ...parts} = run.energy_parts_pj;
    for (const memory of memories) parts[memory.name] = memory.energy_pj;
    for (const [part, value] of Object.entries(parts))
      if (value > 0)
        assert.ok(
          says(await page.locator(`#energy li[data-part="${part}"] .value`).innerText(), value),
        );
  }));

test('every chart draws, and at 400 pixels nothing sticks out', async () => {
  for (const width of [1280, 400])
    await withPage({width}, async (page) => {
      await page.locator(`${row(0)} button`).click();
      await drawAll(page);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
      for (const button of await page.locator('.choice button[aria-pressed="false"]').all())
        await button.click();
    });
});

test('dark and light follow the system, then the button', () =>
  withPage({colorScheme: 'dark'}, async (page) => {
    const luminance = () =>
      page.evaluate(() =>
        getComputedStyle(document.body)
          .backgroundColor.match(/\d+/g)
          .reduce((a, b) => a + Number(b), 0),
      );
    assert.ok((await luminance()) < 150);
    await drawAll(page);
    await page.locator('button.theme').click();
    assert.ok((await luminance()) > 600);
    await page.reload();
    await page.waitForSelector('#page[data-ready]');
    assert.ok((await luminance()) > 600, 'the choice is remembered');
  }));

test('everything that can be pressed is reached by the keyboard', () =>
  withPage({}, async (page) => {
    await page.keyboard.press('Tab');
    const first = await page.evaluate(() => document.activeElement.textContent);
    await page.keyboard.press('Tab');
    const second = await page.evaluate(() => document.activeElement.className);
    assert.deepEqual([first, second], ['Skip to the content', 'theme']);
    const unreachable = await page.evaluate(() => {
      const missed = [];
      for (const element of document.querySelectorAll(
        'button, input, a, canvas[tabindex], .scroller',
      )) {
        element.focus();
        if (document.activeElement !== element) missed.push(element.outerHTML.slice(0, 80));
      }
      return missed;
    });
    assert.deepEqual(unreachable, []);
    const unnamed = await page.$$eval(
      'button, input, canvas',
      (all) =>
        all.filter(
          (each) =>
            !(each.innerText?.trim() || each.getAttribute('aria-label')) &&
            each.offsetParent &&
            !each.closest('.chart'),
        ).length,
    );
    assert.equal(unnamed, 0);
  }));

test('a document of an older presil opens, whatever it lacks', async () => {
  const added = [
    'mac_slots',
    'critical_path',
    'memory_profile',
    'roofline',
    'energy_by_precision',
    'cpu_baseline',
    'advice',
    'what_if',
    'timeline',
  ];
  const documents = {empty: {}, bare: {groups: [{}]}, old: structuredClone(run)};
  for (const key of added) delete documents.old[key];
  const old = [
    'engines',
    'mac_slots',
    'critical_path',
    'begin_cycle',
    'end_cycle',
    'main_kind',
    'roof',
    'macs_per_dram_byte',
  ];
  for (const group of documents.old.groups) for (const key of old) delete group[key];
  for (const key of added) {
    documents[key] = structuredClone(run);
    documents[key][key] = key === 'cpu_baseline' ? null : undefined;
  }
  for (const [name, document] of Object.entries(documents))
    await withPage(
      {},
      (page) => page.locator('#layers').waitFor(),
      withDocument(html, `without-${name}`, document),
    );
});

test('names are text, whatever they hold', () => {
  const hostile = structuredClone(run);
  hostile.model = '</script><img src=x onerror=alert(1)>';
  hostile.groups[0].name = '<b>bold</b>';
  return withPage(
    {},
    async (page) => {
      assert.equal(await page.locator('img, td b').count(), 0);
      assert.ok((await cell(page, 0, 'name')).includes('<b>bold</b>'));
      assert.ok((await page.locator('h1').innerText()).includes('</script>'));
    },
    withDocument(html, 'hostile', hostile),
  );
});

test('a network of 1,000 layers opens', async () => {
  const file = withDocument(html, 'large', stretched(run, 1000));
  await withPage(
    {},
    async (page) => {
      const opened = await page.evaluate(
        () => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
      );
      console.log(`# 1,000 layers: ${Math.round(opened)} ms until the page stands`);
      assert.equal(await page.locator('#layers [role="status"]').innerText(), '1000 rows');
      assert.equal((await shownGroups(page)).length, 100);
      await page
        .locator('#layers .scroller')
        .evaluate((each) => each.scrollTo(0, each.scrollHeight));
      await page.waitForFunction(
        () => document.querySelectorAll('#layers tr[data-group]').length === 200,
      );
      await page.locator('#layers input').fill(run.groups[0].name.split('+')[0]);
      assert.ok((await shownGroups(page)).length > 10);
    },
    file,
  );
});
