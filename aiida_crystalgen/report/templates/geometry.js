// What the viewer draws of a crystal: atoms, bonds and cell edges around the origin, in Å.

const BOND_SLACK = 1.15; // bonded when nearer than this times the sum of the covalent radii

const combine = (factors, vectors) =>
  [0, 1, 2].map((k) => factors.reduce((sum, factor, i) => sum + factor * vectors[i][k], 0));
const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [bits & 1, (bits >> 1) & 1, bits >> 2]);

function rotation(axis, angle) {
  const [i, j] = [[1, 2], [2, 0], [0, 1]][axis];
  const matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  matrix[i][i] = matrix[j][j] = Math.cos(angle);
  matrix[j][i] = Math.sin(angle);
  matrix[i][j] = -matrix[j][i];
  return matrix;
}

const multiply = (a, b) => a.map((row) => combine(row, b));
const apply = (matrix, [x, y, z]) => matrix.map((row) => row[0] * x + row[1] * y + row[2] * z);

// The atoms of `repeat`³ cells, those on a border shown on both sides of it.
function repeatedAtoms(structure, elements, repeat) {
  const { lattice, numbers, coordinates, positions } = structure;
  if (!lattice) return numbers.map((number, index) => ({ element: elements[number], position: positions[index] }));
  const centre = combine([repeat / 2, repeat / 2, repeat / 2], lattice);
  return coordinates.flatMap((coordinate, index) => {
    const home = coordinate.map((x) => (x > 0.9995 ? x - 1 : x));
    const shifts = home.map((x) => [...Array(repeat + 1).keys()].filter((n) => x + n < repeat + 5e-4));
    return shifts[0].flatMap((i) => shifts[1].flatMap((j) => shifts[2].map((k) => ({
      element: elements[numbers[index]],
      position: combine([home[0] + i, home[1] + j, home[2] + k], lattice).map((x, n) => x - centre[n]),
    }))));
  });
}

// Plain loops: a cell of 200 atoms, repeated, has more than a million pairs.
function bondedPairs(atoms) {
  const pairs = [];
  for (let i = 0; i < atoms.length; i += 1) {
    const { position: [x, y, z], element: { radius } } = atoms[i];
    for (let j = i + 1; j < atoms.length; j += 1) {
      const { position, element } = atoms[j];
      const distance = Math.hypot(position[0] - x, position[1] - y, position[2] - z);
      const limit = BOND_SLACK * (radius + element.radius);
      if (distance < limit && distance > 0.1) pairs.push([atoms[i], atoms[j]]);
    }
  }
  return pairs;
}

function cellEdges(lattice, repeat) {
  const at = (corner) => combine(corner.map((x) => (x - 0.5) * repeat), lattice);
  return corners.flatMap((start) => [0, 1, 2].filter((axis) => !start[axis]).map((axis) => {
    const end = start.map((x, k) => (k === axis ? 1 : x));
    return [at(start), at(end)];
  }));
}
