// Takes the pictures of the report page for the documentation. Usage: node pictures.mjs PRESIL FOLDER
import fs from 'node:fs';
import path from 'node:path';

import {drawAll, openPage, startBrowser} from './browser.mjs';
import {simulate} from './documents.mjs';
import {smallPng} from './small_png.mjs';

const [, , presil, folder] = process.argv;
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

for (const {model, chip, sections, ...options} of pictures) {
  const page = await openPage(browser, pageOf(model, chip), {width: 1100, ...options});
  await drawAll(page);
  await page.evaluate(() => scrollTo(0, 0));
  if (!sections) {
    await save(`${model}-${chip}-narrow`, () => page.screenshot());
  } else {
    // A heading that stays in view would lie over the sections; long tables are cut.
    await page.addStyleTag({
      content: 'header { position: static !important } .scroller { max-height: 360px }',
    });
    for (const section of sections)
      await save(`${model}-${chip}-${section}`, () => page.locator(`#${section}`).screenshot());
  }
  await page.close();
}
await browser.close();
