// The numbers of the page, which come packed, and a crystal as a file.

const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const floats = (text) => [...new Float32Array(bytes(text).buffer)];
const integers = (text, step) => Array.from(new Int16Array(bytes(text).buffer), (x) => x * step);
const minus = (text) => String(text).replace('-', '−');

function unpackedStructure(phase) {
  const values = floats(phase.coordinates);
  const coordinates = phase.numbers.map((_, atom) => values.slice(3 * atom, 3 * atom + 3));
  return { label: phase.label, lattice: phase.lattice, numbers: phase.numbers, coordinates };
}

function cellParameters(lattice) {
  const lengths = lattice.map((vector) => Math.hypot(...vector));
  const angles = [[1, 2], [2, 0], [0, 1]].map(([i, j]) => {
    const product = lattice[i].reduce((sum, x, k) => sum + x * lattice[j][k], 0);
    return Math.acos(product / lengths[i] / lengths[j]) * 180 / Math.PI;
  });
  return [...lengths, ...angles];
}

// In the space group P1, as the cell is.
function cifText(structure, elements, title) {
  const names = ['length_a', 'length_b', 'length_c', 'angle_alpha', 'angle_beta', 'angle_gamma'];
  const cell = cellParameters(structure.lattice).map((x, i) => `_cell_${names[i]} ${x.toFixed(6)}`);
  const counts = {};
  const atoms = structure.numbers.map((number, atom) => {
    const { symbol } = elements[number];
    counts[symbol] = (counts[symbol] ?? 0) + 1;
    const place = structure.coordinates[atom].map((x) => x.toFixed(7)).join(' ');
    return `${symbol}${counts[symbol]} ${symbol} ${place} 1`;
  });
  return [
    `data_${title.replace(/\W+/g, '_')}`, "_symmetry_space_group_name_H-M 'P 1'",
    '_symmetry_Int_Tables_number 1', ...cell,
    'loop_', '_symmetry_equiv_pos_site_id', '_symmetry_equiv_pos_as_xyz', "1 'x, y, z'",
    'loop_', '_atom_site_label', '_atom_site_type_symbol', '_atom_site_fract_x',
    '_atom_site_fract_y', '_atom_site_fract_z', '_atom_site_occupancy', ...atoms, '',
  ].join('\n');
}

const cifAddress = (text) => `data:chemical/x-cif;charset=utf-8,${encodeURIComponent(text)}`;
