// An ECharts chart that is drawn when it comes into view, follows its size and the theme.
import {BarChart, LineChart, ScatterChart} from 'echarts/charts';
import {
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  GridComponent,
  LegendScrollComponent,
  TooltipComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import type {EChartsCoreOption, EChartsType} from 'echarts/core';
import {CanvasRenderer} from 'echarts/renderers';

import {el} from './dom';
import {color, onThemeChange} from './theme';

echarts.use([
  BarChart,
  CanvasRenderer,
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  GridComponent,
  LegendScrollComponent,
  LineChart,
  ScatterChart,
  TooltipComponent,
]);

export interface Chart {
  element: HTMLElement;
  /** Draws again, with what `option` says now. */
  update(): void;
}

interface ChartSpec {
  label: string;
  height: number;
  option: () => EChartsCoreOption;
  /** The index of the clicked item. */
  click?: (index: number) => void;
}

export function chart(spec: ChartSpec): Chart {
  const element = el('div', {class: 'chart', role: 'img', 'aria-label': spec.label});
  element.style.height = `${spec.height}px`;
  let drawn: EChartsType | undefined;
  const draw = () => drawn?.setOption({...base(), ...spec.option()}, {notMerge: true});
  const begin = () => {
    drawn = echarts.init(element, null, {renderer: 'canvas'});
    if (spec.click) drawn.on('click', (event) => spec.click?.(event.dataIndex));
    draw();
    new ResizeObserver(() => drawn?.resize()).observe(element);
    element.dataset.drawn = 'true';
  };
  whenVisible(element, begin);
  onThemeChange(draw);
  return {element, update: draw};
}

/** Calls once, when the element is about to scroll into view. */
export function whenVisible(element: HTMLElement, begin: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      begin();
    },
    {rootMargin: '200px'},
  );
  observer.observe(element);
}

function base(): EChartsCoreOption {
  return {
    animation: false,
    textStyle: {fontFamily: 'inherit', color: color('ink')},
  };
}

/** A tooltip in the page's colours. `text` gives lines; the first is the heading. */
export function tooltip(text: (params: any) => string[], trigger: 'item' | 'axis' = 'item') {
  return {
    trigger,
    confine: true,
    backgroundColor: color('panel'),
    borderColor: color('line'),
    textStyle: {color: color('ink'), fontSize: 12},
    axisPointer: {type: 'shadow', shadowStyle: {color: color('hover')}},
    formatter: (params: unknown) => {
      const box = el('div');
      text(params).forEach((line, index) => box.append(el(index === 0 ? 'b' : 'div', {}, line)));
      return box;
    },
  };
}

/** An axis in the page's colours. */
export function axis(more: Record<string, unknown>): Record<string, unknown> {
  return {
    axisLine: {lineStyle: {color: color('line-strong')}},
    axisTick: {lineStyle: {color: color('line-strong')}},
    splitLine: {lineStyle: {color: color('line')}},
    axisLabel: {color: color('muted'), fontSize: 11},
    nameTextStyle: {color: color('muted'), fontSize: 11},
    ...more,
  };
}

export function legend(names: string[]): Record<string, unknown> {
  return {
    type: 'scroll',
    top: 0,
    left: 0,
    data: names,
    itemWidth: 10,
    itemHeight: 10,
    icon: 'rect',
    textStyle: {color: color('muted'), fontSize: 11},
    inactiveColor: color('line-strong'),
    pageTextStyle: {color: color('muted')},
    pageIconColor: color('accent'),
    pageIconInactiveColor: color('line-strong'),
  };
}

/** Sliders to zoom along x, for charts with more bars than pixels. */
export function zoomBars(bars: number): Record<string, unknown>[] {
  if (bars <= 60) return [];
  return [
    {
      type: 'slider',
      height: 18,
      bottom: 4,
      borderColor: color('line'),
      fillerColor: color('hover'),
      dataBackground: {lineStyle: {opacity: 0}, areaStyle: {opacity: 0}},
      handleStyle: {color: color('panel'), borderColor: color('accent')},
      textStyle: {color: color('muted'), fontSize: 10},
      brushSelect: false,
    },
  ];
}
