// Reads the document that presil put into the page and shows the view of its kind.
import './colors.css';
import './page.css';
import './parts.css';
import './table.css';

import {comparePage} from './compare_page';
import {diffPage} from './diff_page';
import {el} from './dom';
import {runPage} from './run/run_page';
import {sweepPage} from './sweep_page';
import {startTheme} from './theme';

function show(root: HTMLElement): void {
  const text = document.getElementById('document')?.textContent ?? '{}';
  const data = JSON.parse(text);
  startTheme();
  switch (data.kind ?? 'run') {
    case 'run':
      return runPage(root, data);
    case 'compare':
      return comparePage(root, data);
    case 'diff':
      return diffPage(root, data);
    case 'sweep':
      return sweepPage(root, data);
    default:
      root.append(
        el('p', {class: 'failure'}, `This page cannot show a document of kind "${data.kind}".`),
      );
  }
}

const root = document.getElementById('page')!;
show(root);
root.dataset.ready = 'true';
