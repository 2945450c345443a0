// A headless Chromium of the system, driven by playwright-core, which brings no browser.
import {execFileSync} from 'node:child_process';
import {chromium} from 'playwright-core';

/** The path of Chromium, or undefined. */
export function findChromium() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`])
        .toString()
        .trim();
    } catch {
      // Not under this name.
    }
  }
  return undefined;
}

/** Chromium, or the end of this test as skipped. */
export async function startBrowser() {
  const executablePath = findChromium();
  if (!executablePath) {
    console.log('skipped: no chromium; scripts/install_dependencies.sh installs it');
    process.exit(77);
  }
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-lcd-text'],
  });
}

/** Opens a file; `page.problems` collects console errors, exceptions and requests that leave it. */
export async function openPage(browser, file, options = {}) {
  const {width = 1280, height = 900, colorScheme = 'light'} = options;
  const page = await browser.newPage({viewport: {width, height}, colorScheme});
  page.problems = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.problems.push(message.text());
  });
  page.on('pageerror', (error) => page.problems.push(String(error.stack)));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) page.problems.push(`request of ${request.url()}`);
  });
  await page.goto(`file://${file}`);
  await page.waitForSelector('#page[data-ready]', {timeout: 20000});
  return page;
}

/** Scrolls through the whole page, so that every chart is drawn. */
export async function drawAll(page) {
  for (const chart of await page.locator('.chart, .timeline').all()) {
    await chart.scrollIntoViewIfNeeded();
    await page.waitForTimeout(60);
  }
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.chart')].every((chart) => chart.dataset.drawn === 'true'),
  );
}

export const texts = (page, selector) => page.locator(selector).allInnerTexts();
