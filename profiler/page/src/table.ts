// A table that sorts by its headers and keeps only the rows that hold what is typed.
import {clear, el} from './dom';

export interface Column<Row> {
  key: string;
  label: string;
  /** What the column says, shown by the header's tooltip. */
  title?: string;
  /** What sorts: numbers largest first, text from A. */
  value: (row: Row) => number | string | null | undefined;
  text: (row: Row) => string;
  /** Draws a bar of this fraction of the cell behind the text. */
  bar?: (row: Row) => number | undefined;
  /** Instead of plain text. */
  cell?: (row: Row) => Node;
  /** Long text: cut, or in several lines. */
  wide?: boolean;
  wrap?: boolean;
}

export interface TableSpec<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  /** What the filter searches; without it there is no filter box. */
  search?: (row: Row) => string;
  /** Shown beneath a row whose first cell is pressed. */
  detail?: (row: Row) => Node;
  /** Column and direction at the beginning; else the order of `rows`. */
  sort?: {key: string; descending: boolean};
  attributes?: (row: Row) => Record<string, string | number>;
}

/** So many rows are drawn at once; more follow when the end scrolls into view. */
const kChunk = 100;

export class Table<Row> {
  readonly element: HTMLElement;
  private readonly body = el('tbody');
  private readonly shown = el('span', {class: 'count', role: 'status'});
  private readonly headers = new Map<string, HTMLTableCellElement>();
  private readonly drawn = new Map<Row, HTMLTableRowElement>();
  private readonly texts = new Map<Row, string>();
  private sort: {key: string; descending: boolean} | undefined;
  private words: string[] = [];
  /** What the filter lets through, sorted; the first `drawnRows` are in the table. */
  private list: Row[] = [];
  private drawnRows = 0;
  private filterBox: HTMLInputElement | undefined;

  constructor(private readonly spec: TableSpec<Row>) {
    this.sort = spec.sort;
    const table = el(
      'table',
      {},
      el('caption', {class: 'hidden'}, spec.label),
      el('thead', {}, el('tr', {}, ...spec.columns.map((column) => this.header(column)))),
      this.body,
    );
    const scroller = el(
      'div',
      {class: 'scroller', tabindex: 0, role: 'region', 'aria-label': spec.label},
      table,
    );
    scroller.addEventListener('scroll', () => {
      if (scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - 400) this.drawMore();
    });
    this.element = el('div', {class: 'table'}, spec.search && this.filter(spec.search), scroller);
    this.refresh();
  }

  /** Shows a row with its detail, whatever the filter says. */
  open(row: Row): void {
    if (!this.matches(row)) {
      this.words = [];
      if (this.filterBox) this.filterBox.value = '';
      this.refresh();
    }
    while (!this.list.slice(0, this.drawnRows).includes(row)) this.drawMore();
    const element = this.drawn.get(row)!;
    if (!element.classList.contains('open')) this.toggle(row, element);
    element.scrollIntoView({block: 'start'});
    element.querySelector('button')?.focus({preventScroll: true});
  }

  private header(column: Column<Row>): HTMLElement {
    // The first column names the row, even where a number sorts it.
    const numeric = column !== this.spec.columns[0] && this.isNumeric(column);
    const header = el(
      'th',
      {
        scope: 'col',
        'data-key': column.key,
        title: column.title,
        class: numeric ? 'number' : undefined,
      },
      el('button', {type: 'button', onclick: () => this.sortBy(column)}, column.label),
    );
    this.headers.set(column.key, header);
    return header;
  }

  private isNumeric(column: Column<Row>): boolean {
    const first = this.spec.rows
      .map(column.value)
      .find((value) => value !== null && value !== undefined);
    return typeof first === 'number';
  }

  private filter(search: (row: Row) => string): HTMLElement {
    for (const row of this.spec.rows) this.texts.set(row, search(row).toLowerCase());
    this.filterBox = el('input', {
      type: 'search',
      placeholder: 'Filter, e.g. conv memory',
      'aria-label': `Filter: ${this.spec.label}`,
      oninput: (event: Event) => {
        this.words = (event.target as HTMLInputElement).value
          .toLowerCase()
          .split(/\s+/)
          .filter(Boolean);
        this.refresh();
      },
    });
    return el('div', {class: 'filter'}, this.filterBox, this.shown);
  }

  private sortBy(column: Column<Row>): void {
    const numeric = this.headers.get(column.key)!.classList.contains('number');
    this.sort =
      this.sort?.key === column.key
        ? {key: column.key, descending: !this.sort.descending}
        : {key: column.key, descending: numeric};
    this.refresh();
  }

  private matches(row: Row): boolean {
    const text = this.texts.get(row) ?? '';
    return this.words.every((word) => text.includes(word));
  }

  private refresh(): void {
    const rows = this.spec.rows.filter((row) => this.matches(row));
    const column = this.spec.columns.find((each) => each.key === this.sort?.key);
    if (column && this.sort) {
      const sign = this.sort.descending ? -1 : 1;
      rows.sort((a, b) => compare(column.value(a), column.value(b), sign));
    }
    for (const [key, header] of this.headers) {
      if (key === this.sort?.key)
        header.setAttribute('aria-sort', this.sort.descending ? 'descending' : 'ascending');
      else header.removeAttribute('aria-sort');
    }
    clear(this.body);
    this.list = rows;
    this.drawnRows = 0;
    this.drawMore();
    const all = this.spec.rows.length;
    this.shown.textContent = rows.length === all ? `${all} rows` : `${rows.length} of ${all} rows`;
  }

  private drawMore(): void {
    const fragment = document.createDocumentFragment();
    for (const row of this.list.slice(this.drawnRows, this.drawnRows + kChunk)) {
      const element = this.drawn.get(row) ?? this.draw(row);
      fragment.append(element);
      if (element.classList.contains('open')) fragment.append(this.detailOf(row));
    }
    this.drawnRows = Math.min(this.drawnRows + kChunk, this.list.length);
    this.body.append(fragment);
  }

  private draw(row: Row): HTMLTableRowElement {
    const element = el('tr', this.spec.attributes?.(row) ?? {});
    this.spec.columns.forEach((column, index) =>
      element.append(this.cell(row, column, index === 0)),
    );
    this.drawn.set(row, element);
    return element;
  }

  private cell(row: Row, column: Column<Row>, first: boolean): HTMLElement {
    const numeric = this.headers.get(column.key)!.classList.contains('number');
    const content = column.cell?.(row) ?? column.text(row);
    const cell = el(first ? 'th' : 'td', {
      scope: first ? 'row' : undefined,
      'data-key': column.key,
      class: numeric ? 'number' : column.wide ? 'wide' : column.wrap ? 'wrap' : undefined,
    });
    if (first && this.spec.detail) {
      const button = el(
        'button',
        {type: 'button', class: 'row', 'aria-expanded': 'false'},
        content,
      );
      button.addEventListener('click', () => this.toggle(row, this.drawn.get(row)!));
      cell.append(button);
    } else {
      cell.append(content);
    }
    const bar = column.bar?.(row);
    if (bar !== undefined) {
      cell.classList.add('bar');
      cell.style.setProperty('--bar', `${Math.min(100, bar * 100).toFixed(1)}%`);
    }
    return cell;
  }

  private readonly details = new Map<Row, HTMLElement>();

  private detailOf(row: Row): HTMLElement {
    let detail = this.details.get(row);
    if (!detail) {
      const content = this.spec.detail!(row);
      detail = el('tr', {class: 'detail'}, el('td', {colspan: this.spec.columns.length}, content));
      this.details.set(row, detail);
    }
    return detail;
  }

  private toggle(row: Row, element: HTMLTableRowElement): void {
    const open = element.classList.toggle('open');
    element.querySelector('button.row')?.setAttribute('aria-expanded', String(open));
    if (open) element.after(this.detailOf(row));
    else this.details.get(row)?.remove();
  }
}

type Value = number | string | null | undefined;

/** Rows without a value come last, whatever the direction. */
function compare(a: Value, b: Value, sign: number): number {
  const noA = a === null || a === undefined;
  const noB = b === null || b === undefined;
  if (noA || noB) return Number(noA) - Number(noB);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * String(a).localeCompare(String(b), 'en', {numeric: true});
}
