// The report of one run.
import {frame} from '../frame';
import type {Run} from '../run_document';
import {attempt, type Section} from '../section';
import {about, optionText} from './about';
import {advice} from './advice';
import {array} from './array';
import {energySection} from './energy';
import {layers} from './layers';
import {roofline} from './roofline';
import {stalls} from './stalls';
import {summary} from './summary';
import {timeSection} from './time_section';
import {traffic} from './traffic';

export function runPage(root: HTMLElement, run: Run): void {
  // Layers lead to the timeline, and everything else leads to layers.
  const table = layers(run, (group) => time.showGroup(group));
  const time = timeSection(run, table.open);
  const sections = [
    attempt(() => summary(run, table.open)),
    attempt(() => advice(run, table.open)),
    attempt(() => array(run)),
    table,
    attempt(() => stalls(run, table.open)),
    attempt(() => roofline(run, table.open)),
    time,
    attempt(() => traffic(run)),
    attempt(() => energySection(run, table.open)),
    attempt(() => about(run)),
  ].filter((each): each is Section => each !== undefined);
  frame(root, `${run.model ?? 'A network'} on ${run.chip ?? 'a chip'}`, optionText(run), sections);
}
