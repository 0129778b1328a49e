// What was measured of the selected phase.

function node(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const badge = (text, kind) => node('span', { class: `badge ${kind}` }, text);
const marks = (one) => (one.emulated ? [' ', badge('emulated', 'emulated')] : []);

function definitions(facts) {
  return facts.map(([name, text]) =>
    node('div', {}, node('dt', {}, name), node('dd', {}, name === 'Record' ? node('code', {}, text) : text)));
}

function table(headings, rows) {
  const head = node('tr', {}, ...headings.map((text) => node('th', { scope: 'col' }, text)));
  const body = rows.map((row) => node('tr', {}, ...row.map((text) => node('td', {}, text))));
  return node('table', {}, node('thead', {}, head), node('tbody', {}, ...body));
}

// Charts are drawn again, as wide as there is room, when the room changes.
const redrawn = new Map();
const observer = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const chart = redrawn.get(target);
    const width = Math.round(contentRect.width);
    if (!chart || width < 50 || chart.width === width) continue;
    chart.width = width;
    target.replaceChildren(chart.draw(width));
  }
});

function chartPlace(draw) {
  const place = node('div', { class: 'place' });
  redrawn.set(place, { draw });
  observer.observe(place);
  return place;
}

function forgetCharts() {
  for (const place of redrawn.keys()) observer.unobserve(place);
  redrawn.clear();
}

function phononSection(phonons, label, step) {
  const stable = phonons.verdict !== 'imaginary';
  const words = `${label}: ${phonons.verdict}; smallest frequency ${minus(phonons.smallest.toFixed(2))} THz at ${phonons.place}`;
  const parts = [node('h3', {}, `Phonons of ${label} `, badge(phonons.verdict, stable ? 'good' : 'bad'), ...marks(phonons))];
  if (phonons.bands || phonons.dos) {
    parts.push(chartPlace((width) => phononChart(phonons, step, width, `Phonon bands and density of states of ${words}.`)));
  } else {
    parts.push(node('p', { class: 'missing' }, phonons.bands === null
      ? `The curves are left out to keep this page small; aiida-crystalgen phases plot ${label} draws them.`
      : 'No curves are stored.'));
  }
  parts.push(node('p', { class: 'caption' }, `Smallest frequency ${minus(phonons.smallest.toFixed(2))} THz at q = ${phonons.place}; imaginary ones are shown as negative.${phonons.engine ? ` Forces by ${phonons.engine}.` : ''}`));
  return parts;
}

function diffractionSection({ peaks, wavelength }, label) {
  const strongest = [...peaks].sort((a, b) => b[1] - a[1])[0];
  const words = `X-ray pattern of ${label}: ${peaks.length} peaks${strongest ? `, the strongest at ${strongest[0].toFixed(2)}°` : ''}.`;
  const rows = peaks.map(([angle, height, indices]) => [angle.toFixed(3), height.toFixed(1), indices ?? '']);
  return [
    node('h3', {}, `X-ray diffraction of ${label}`),
    chartPlace((width) => diffractionChart(peaks, width, words)),
    node('p', { class: 'caption' }, `Powder pattern${wavelength ? `, λ = ${wavelength} Å` : ''}, without thermal motion, absorption and texture.`),
    node('details', {}, node('summary', {}, `${peaks.length} peaks as a table`), node('div', { class: 'scroll' }, table(['2θ (°)', 'Intensity (%)', 'Indices'], rows))),
  ];
}

function elasticitySection(elasticity, label) {
  const verdict = elasticity.stable ? 'stable' : 'unstable';
  const reasons = elasticity.violated.map((text) => node('li', {}, text));
  return [
    node('h3', {}, `Elasticity of ${label} `, badge(verdict, elasticity.stable ? 'good' : 'bad'), ...marks(elasticity)),
    node('dl', { class: 'moduli' }, ...definitions(elasticity.moduli)),
    ...(reasons.length ? [node('ul', { class: 'reasons' }, ...reasons)] : []),
    node('p', { class: 'caption' }, `Born’s conditions of ${elasticity.crystal} crystals are ${elasticity.stable ? '' : 'not '}fulfilled. Moduli are means of Voigt’s and Reuss’s.${elasticity.engine ? ` Stresses by ${elasticity.engine}.` : ''}`),
  ];
}

function showPanel(phase, step) {
  forgetCharts();
  const sections = {
    phonons: phase.phonons && phononSection(phase.phonons, phase.label, step),
    diffraction: phase.diffraction && diffractionSection(phase.diffraction, phase.label),
    elasticity: phase.elasticity && elasticitySection(phase.elasticity, phase.label),
  };
  for (const [name, parts] of Object.entries(sections)) {
    const section = document.getElementById(`panel-${name}`);
    section.replaceChildren(...(parts ?? []));
    section.hidden = !parts;
  }
  document.getElementById('panel').hidden = !Object.values(sections).some(Boolean);
}
