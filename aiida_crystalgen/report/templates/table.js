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
  const phase = data.phases[row.dataset.phase];
  const structure = unpackedStructure(phase);
  const heading = document.getElementById('selected');
  const cells = [...row.cells].slice(1, 3).map((cell) => [' · ', ...cell.cloneNode(true).childNodes]);
  const marks = [...row.cells[0].querySelectorAll('.badge')].map((mark) => mark.cloneNode(true));
  heading.replaceChildren(phase.label, ...cells.flat(), ' ', ...marks);
  document.getElementById('facts').replaceChildren(...definitions(phase.facts));
  const link = document.getElementById('download');
  const [kind, text] = structure.lattice ? ['cif', cifText] : ['xyz', xyzText];
  link.href = fileAddress(kind, text(structure, data.elements, `${phase.label}_${phase.formula}`));
  link.download = `${phase.label}.${kind}`;
  showLegend(structure, data.elements);
  viewer.show(structure);
  showPanel(phase, data.step);
}

// The row `way` rows further that the filter has left.
function neighbour(row, way) {
  let next = row;
  do next = way > 0 ? next.nextElementSibling : next.previousElementSibling;
  while (next?.hidden);
  return next;
}

function walkRows(table, select) {
  table.tBodies[0].addEventListener('keydown', (event) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = way && neighbour(event.target.closest('tr'), way);
    if (!next) return;
    event.preventDefault();
    next.querySelector('.show').focus();
    select(next);
  });
}

function start() {
  const table = document.getElementById('phase-table');
  if (!table) return;
  const data = JSON.parse(document.getElementById('structures').textContent);
  const viewer = new StructureViewer(document.getElementById('structure'), data.elements);
  const select = (row) => selectRow(table, row, viewer, data);
  table.tHead.addEventListener('click', (event) => {
    const heading = event.target.closest('th[aria-sort]');
    if (heading) sortRows(table, heading);
  });
  table.tBodies[0].addEventListener('click', (event) => select(event.target.closest('tr')));
  walkRows(table, select);
  document.getElementById('filter').addEventListener('input', () => filterRows(table));
  document.getElementById('only-new').addEventListener('change', () => filterRows(table));
  document.getElementById('reset').addEventListener('click', () => viewer.resetView());
  document.getElementById('repeat').addEventListener('click', ({ currentTarget }) => {
    const repeat = viewer.repeat === 1 ? 2 : 1;
    currentTarget.setAttribute('aria-pressed', String(repeat === 2));
    viewer.show(viewer.structure, repeat);
  });
  select(table.tBodies[0].rows[0]);
}

start();
