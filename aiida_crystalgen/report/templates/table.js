// The table of phases: sorting, filtering, and the choice of the crystal in the viewer.

function sortRows(table, heading) {
  const column = [...heading.parentNode.children].indexOf(heading);
  const sign = heading.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
  const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  const compare = heading.dataset.kind === 'number'
    ? (a, b) => a - b
    : new Intl.Collator('en', { numeric: true }).compare;
  for (const other of heading.parentNode.querySelectorAll('[aria-sort]')) {
    other.setAttribute('aria-sort', 'none');
  }
  heading.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, value: value(row) }));
  // What has no value stays at the end in both directions.
  rows.sort((a, b) => (a.value === '') - (b.value === '') || sign * compare(a.value, b.value));
  table.tBodies[0].append(...rows.map(({ row }) => row));
}

function filterRows(table) {
  const words = document.getElementById('filter').value.toLowerCase().replaceAll('_', '').split(/\s+/).filter(Boolean);
  const onlyNew = document.getElementById('only-new').checked;
  const rows = [...table.tBodies[0].rows];
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = (onlyNew && !('new' in row.dataset)) || !words.every((word) => text.includes(word));
  }
  const shown = rows.filter((row) => !row.hidden).length;
  document.getElementById('shown').textContent = `${shown} of ${rows.length}`;
}

function showLegend(structure, elements) {
  const items = [...new Set(structure.numbers)].map((number) => {
    const item = document.createElement('li');
    const dot = document.createElement('i');
    dot.style.background = css(elements[number].colour);
    item.append(dot, elements[number].symbol);
    return item;
  });
  document.getElementById('legend').replaceChildren(...items);
}

function selectRow(table, row, viewer, data) {
  table.querySelector('[aria-current]')?.removeAttribute('aria-current');
  row.setAttribute('aria-current', 'true');
  const index = row.dataset.phase;
  for (const details of document.querySelectorAll('[data-details]')) {
    details.hidden = details.dataset.details !== index;
  }
  const file = row.querySelector('a[download]');
  const link = document.getElementById('download');
  link.href = file.href;
  link.download = file.download;
  showLegend(data.phases[index], data.elements);
  viewer.show(data.phases[index]);
}

function start() {
  const table = document.getElementById('phase-table');
  if (!table) return;
  const data = JSON.parse(document.getElementById('structures').textContent);
  const viewer = new StructureViewer(document.getElementById('structure'), data.elements);
  table.tHead.addEventListener('click', (event) => {
    const heading = event.target.closest('th[aria-sort]');
    if (heading) sortRows(table, heading);
  });
  table.tBodies[0].addEventListener('click', (event) => {
    if (!event.target.closest('a')) selectRow(table, event.target.closest('tr'), viewer, data);
  });
  document.getElementById('filter').addEventListener('input', () => filterRows(table));
  document.getElementById('only-new').addEventListener('change', () => filterRows(table));
  document.getElementById('reset').addEventListener('click', () => viewer.resetView());
  document.getElementById('repeat').addEventListener('click', ({ currentTarget }) => {
    const repeat = viewer.repeat === 1 ? 2 : 1;
    currentTarget.setAttribute('aria-pressed', String(repeat === 2));
    viewer.show(viewer.structure, repeat);
  });
  selectRow(table, table.tBodies[0].rows[0], viewer, data);
}

start();
