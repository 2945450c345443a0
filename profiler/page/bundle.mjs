// Bundles src/ into page.js and page.css, and writes page_bundle.cc, which holds both for the
// program. Runs in the build folder, beside node_modules (cmake/PresilPage.cmake).
import * as esbuild from 'esbuild';
import fs from 'node:fs';

await esbuild.build({
  entryPoints: {page: 'src/main.ts'},
  outdir: '.',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  legalComments: 'none',
  logLevel: 'warning',
});

// The licences ask that these travel along; esbuild drops them with the comments.
const notices = [
  'echarts/NOTICE',
  'echarts/licenses/LICENSE-d3',
  'zrender/LICENSE',
  'tslib/LICENSE.txt',
].map((name) => fs.readFileSync(`node_modules/${name}`, 'utf8').trim());
const script =
  `/* Contains Apache ECharts (Apache License 2.0), zrender and tslib.\n\n${notices.join('\n\n')}\n*/\n` +
  fs.readFileSync('page.js', 'utf8');
const style = fs.readFileSync('page.css', 'utf8');
for (const [name, text, end] of [
  ['page.js', script, '</script'],
  ['page.css', style, '</style'],
])
  if (text.toLowerCase().includes(end)) throw new Error(`${name} contains ${end}`);

// Adjacent literals, since compilers limit the length of one; '?' is escaped for the trigraphs.
function literal(text) {
  const lines = [];
  for (let at = 0; at < text.length; at += 4000)
    lines.push('    "' + text.slice(at, at + 4000).replace(/[\\"?\n\r\t]/g, escaped) + '"');
  return lines.join('\n');
}
function escaped(c) {
  return {'\\': '\\\\', '"': '\\"', '?': '\\?', '\n': '\\n', '\r': '\\r', '\t': '\\t'}[c];
}

const generated = `// Generated from profiler/page by bundle.mjs.
#include "profiler/page_bundle.h"

namespace presil {

namespace {

constexpr char kScript[] =
${literal(script)};

constexpr char kStyle[] =
${literal(style)};

}  // namespace

PageBundle page_bundle() {
  return {.script = {kScript, sizeof kScript - 1}, .style = {kStyle, sizeof kStyle - 1}, .missing = {}};
}

}  // namespace presil
`;
const target = 'page_bundle.cc';
if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== generated)
  fs.writeFileSync(target, generated);
