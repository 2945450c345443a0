// Takes the pictures of the pages for the documentation. Usage: node pictures.mjs PRESIL FOLDER
// [ESTIMATOR MODELS]: without these none of the estimator's page.
import fs from 'node:fs';
import path from 'node:path';

import {drawAll, openPage, startBrowser} from './browser.mjs';
import {estimated, simulate} from './documents.mjs';
import {smallPng} from './small_png.mjs';

const [, , presil, folder, estimator, models] = process.argv;
const kMost = 150 * 1024;

const pictures = [
  {model: 'mobilenet_v2', chip: 'ne-nano', sections: ['summary', 'advice']},
  {model: 'mobilenet_v2', chip: 'ne-max', sections: ['summary', 'advice']},
  {model: 'resnet50', chip: 'ne-nano', sections: ['summary', 'advice']},
  {model: 'resnet50', chip: 'ne-max', sections: ['summary', 'advice']},
  {
    model: 'mobilenet_v2',
    chip: 'ne-nano',
    sections: ['array', 'layers', 'stalls', 'roofline', 'traffic', 'energy'],
  },
  {model: 'resnet50', chip: 'ne-max', sections: ['timeline'], colorScheme: 'dark'},
  {model: 'mobilenet_v2', chip: 'ne-nano', width: 400, height: 900, colorScheme: 'dark'},
];

const kChips = 'ne-nano,ne-base,ne-max,edge-tpu';
if (estimator)
  pictures.push({
    name: 'compare',
    html: estimated(presil, estimator, models, kChips).html,
    sections: ['errors', 'worst'],
  });

const browser = await startBrowser();
fs.mkdirSync(folder, {recursive: true});
const runs = new Map();

function pageOf(model, chip) {
  const key = `${model}-${chip}`;
  if (!runs.has(key)) runs.set(key, simulate(presil, model, chip).html);
  return runs.get(key);
}

async function save(name, take) {
  const file = path.join(folder, `${name}.png`);
  const png = smallPng(await take());
  fs.writeFileSync(file, png);
  const size = png.length;
  console.log(`${name}.png ${Math.round(size / 1024)} KiB`);
  if (size > kMost) throw new Error(`${file} has ${size} bytes, more than ${kMost}`);
}

for (const {model, chip, sections, html, name, ...options} of pictures) {
  const file = html ?? pageOf(model, chip);
  const stem = name ?? `${model}-${chip}`;
  const page = await openPage(browser, file, {width: 1100, ...options});
  await drawAll(page);
  await page.evaluate(() => scrollTo(0, 0));
  if (!sections) {
    await save(`${stem}-narrow`, () => page.screenshot());
  } else {
    // A heading that stays in view would lie over the sections; long tables are cut.
    await page.addStyleTag({
      content: 'header { position: static !important } .scroller { max-height: 360px }',
    });
    for (const section of sections)
      await save(`${stem}-${section}`, () => page.locator(`#${section}`).screenshot());
  }
  await page.close();
}
await browser.close();
