// The numbers of the page, which come packed, and a crystal as a file.

const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const floats = (text) => [...new Float32Array(bytes(text).buffer)];
const integers = (text, step) => Array.from(new Int16Array(bytes(text).buffer), (x) => x * step);
const minus = (text) => String(text).replace('-', '−');

const triples = (values) => values.flatMap((_, k) => (k % 3 ? [] : [values.slice(k, k + 3)]));

// A crystal has a lattice and coordinates in it, a cluster has positions in Å.
function unpackedStructure({ label, lattice, numbers, coordinates, positions }) {
  if (!lattice) return { label, numbers, positions: triples(floats(positions)) };
  return { label, lattice, numbers, coordinates: triples(floats(coordinates)) };
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

function xyzText({ numbers, positions }, elements, title) {
  const atoms = numbers.map((number, atom) =>
    [elements[number].symbol, ...positions[atom].map((x) => x.toFixed(6))].join(' '));
  return [numbers.length, `Properties=species:S:1:pos:R:3 pbc="F F F" label="${title}"`, ...atoms, ''].join('\n');
}

const fileAddress = (kind, text) => `data:chemical/x-${kind};charset=utf-8,${encodeURIComponent(text)}`;
